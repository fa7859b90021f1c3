package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// startTimeout is how long NSD may take to answer.
const startTimeout = 10 * time.Second

// nsd is a name server for example.com on loopback.
type nsd struct {
	dns, tls netip.AddrPort
	cmd      *exec.Cmd
}

const zone = `$TTL 3600
example.com. SOA ns.example.com. hostmaster.example.com. 1 7200 3600 1209600 3600
example.com. NS ns.example.com.
ns.example.com. A 192.0.2.53
`

// startNSD starts NSD with its files in dir and waits until the probe, which takes a server's
// address, gets an answer.
func startNSD(ctx context.Context, dir, probe string) (*nsd, error) {
	s := &nsd{}
	for _, at := range []*netip.AddrPort{&s.dns, &s.tls} {
		var err error
		if *at, err = freePort(); err != nil {
			return nil, err
		}
	}
	certificate := exec.CommandContext(ctx, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
		"-nodes", "-subj", "/CN=example.com", "-keyout", filepath.Join(dir, "key"), "-out", filepath.Join(dir, "cert"))
	if out, err := certificate.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making a certificate: %w: %s", err, out)
	}
	for name, text := range map[string]string{"zone": zone, "nsd.conf": s.config(dir)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	var log bytes.Buffer
	s.cmd = exec.Command("/usr/sbin/nsd", "-d", "-c", filepath.Join(dir, "nsd.conf"))
	s.cmd.Stdout, s.cmd.Stderr = &log, &log
	// A group of its own: Ctrl-C reaches this program only, which then stops NSD and its children.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(startTimeout); exec.CommandContext(ctx, probe, s.dns.String()).Run() != nil; {
		if time.Now().After(end) || ctx.Err() != nil {
			s.stop()
			return nil, fmt.Errorf("nsd does not answer on %s; it says:\n%s", s.dns, &log)
		}
	}
	return s, nil
}

func (s *nsd) config(dir string) string {
	return fmt.Sprintf(`server:
  ip-address: %s@%d
  ip-address: %s@%d
  port: %d
  tls-port: %d
  tls-service-key: %s/key
  tls-service-pem: %s/cert
  rrl-ratelimit: 0 # the default limits each client to 200 answers a second
  server-count: 1
  username: ""
  database: ""
  zonesdir: %s
  pidfile: %s/nsd.pid
  xfrdfile: %s/xfrd.state
  zonelistfile: %s/zone.list
remote-control:
  control-enable: no
zone:
  name: example.com
  zonefile: zone
`, s.dns.Addr(), s.dns.Port(), s.tls.Addr(), s.tls.Port(), s.dns.Port(), s.tls.Port(), dir, dir, dir, dir, dir, dir)
}

// stop ends NSD with its children.
func (s *nsd) stop() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// freePort returns an address on loopback that nobody listens on.
func freePort() (netip.AddrPort, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer l.Close()
	return netip.ParseAddrPort(l.Addr().String())
}

func port(a netip.AddrPort) string { return strconv.Itoa(int(a.Port())) }
