package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// nsd is a name server for example.com.
type nsd struct{ cmd *exec.Cmd }

const zone = `$TTL 3600
example.com. SOA ns.example.com. hostmaster.example.com. 1 7200 3600 1209600 3600
example.com. NS ns.example.com.
example.com. MX 10 mail.example.com.
ns.example.com. A 192.0.2.53
mail.example.com. A 192.0.2.25
mail.example.com. AAAA 2001:db8::25
www.example.com. A 192.0.2.80
www.example.com. AAAA 2001:db8::80
txt.example.com. TXT "some text that is as long as what people put there to prove that a domain is theirs"
`

// startNSD starts one, with its files in dir, and waits until it answers.
func startNSD(c *cable, dir string) (*nsd, error) {
	config := fmt.Sprintf(`server:
  ip-address: %s
  rrl-ratelimit: 0 # the default limits each client to 200 answers a second
  server-count: 1
  username: ""
  database: ""
  zonesdir: %s
  pidfile: %[2]s/nsd.pid
  xfrdfile: %[2]s/xfrd.state
  zonelistfile: %[2]s/zone.list
remote-control:
  control-enable: no
zone:
  name: example.com
  zonefile: zone
`, vip, dir)
	for name, text := range map[string]string{"zone": zone, "nsd.conf": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	var log bytes.Buffer
	s := &nsd{exec.Command("/usr/sbin/nsd", "-d", "-c", filepath.Join(dir, "nsd.conf"))}
	s.cmd.Stdout, s.cmd.Stderr = &log, &log
	// A group of its own: Ctrl-C reaches this program only, which then stops NSD and its children.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := start(c.server, s.cmd); err != nil {
		return nil, err
	}
	var err error
	for range 50 {
		if err = probe(c); err == nil {
			return s, nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("nsd does not answer: %w; it says:\n%s", err, &log)
}

// probe asks one question.
func probe(c *cable) error {
	return netns.Do(c.client, func() error {
		conn, err := net.Dial("udp", net.JoinHostPort(vip, "53"))
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x06\x00\x01")); err != nil {
			return err
		}
		if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			return err
		}
		_, err = conn.Read(make([]byte, 512))
		return err
	})
}

// stop ends NSD with its children.
func (s *nsd) stop() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
	_ = s.cmd.Wait()
}
