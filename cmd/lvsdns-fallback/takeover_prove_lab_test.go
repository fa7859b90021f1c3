//go:build lab && prove

package main_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// rounds of take-over and hand-back.
const rounds = 50

const serviceVIP = "192.168.1.100"

// TestTakeOverSplit takes the table over from the keepalived that has the checkers, while another has VRRP and the VIP, and hands it back.
func TestTakeOverSplit(t *testing.T) {
	r, client := takeOverRig(t)
	conf := r.conf(instanceOf(serviceVIP) + servicesOf(serviceVIP))
	vrrp := r.instance("vrrp", conf, "--vrrp")
	r.WaitFor("the director holds the VIP", 15*time.Second, func() bool { return r.director.Holds(serviceVIP) })
	k := r.instance("checkers", conf, "--check", "--dont-release-ipvs")
	stop := func() { k.Stop() }
	start := func() {
		before := strings.Count(k.Log(), "Activating BFD healthchecker")
		k = r.instance("checkers", conf, "--check", "--dont-release-ipvs")
		r.WaitFor("keepalived's checker is back", 90*time.Second, func() bool { return strings.Count(k.Log(), "Activating BFD healthchecker") > before })
	}
	r.takeOver(client, arrangement{stop: stop, start: start})
	if n := strings.Count(vrrp.Log(), "Entering MASTER STATE"); n != 1 || !r.director.Holds(serviceVIP) {
		t.Errorf("the VIP was lost: MASTER %d times", n)
	}
}

// TestTakeOverFrozen takes it over from a combined keepalived whose parent is frozen. That waits longer each time before it starts a
// checker process again, until it is another one.
func TestTakeOverFrozen(t *testing.T) {
	r, client := takeOverRig(t)
	r.director.Hold(serviceVIP)
	const vip = "192.168.1.101" // the other one stays when keepalived is another
	conf := r.conf(instanceOf(vip) + servicesOf(serviceVIP))
	k := r.instance("checkers", conf, "--dont-release-ipvs")
	holds := func() {
		r.WaitFor("the director holds the VIP", 15*time.Second, func() bool { return r.director.Holds(vip) })
	}
	holds()
	stop := func() {
		k.Signal(syscall.SIGSTOP)
		r.kill(r.checker(), syscall.SIGKILL)
	}
	came := func(before int) {
		r.WaitFor("keepalived's checker is back", 90*time.Second, func() bool { return strings.Count(k.Log(), "Activating BFD healthchecker") > before })
	}
	start := func() {
		before := strings.Count(k.Log(), "Activating BFD healthchecker")
		k.Signal(syscall.SIGCONT)
		came(before)
	}
	r.takeOver(client, arrangement{stop: stop, start: start, during: func() {
		if !r.director.Holds(vip) {
			t.Error("VRRP has lost the VIP while its parent is frozen")
		}
	}, after: func(round int) {
		if round%4 == 3 {
			k.Stop()
			before := strings.Count(k.Log(), "Activating BFD healthchecker")
			k = r.instance("checkers", conf, "--dont-release-ipvs")
			came(before)
			holds()
		}
	}})
}

func instanceOf(vip string) string {
	return `
vrrp_instance dns {
	interface eth0
	state MASTER
	virtual_router_id 51
	priority 150
	advert_int 1
	virtual_ipaddress {
		` + vip + `/32
	}
}
`
}

func takeOverRig(t *testing.T) (*rig, *labtest.Host) {
	t.Helper()
	r := &rig{Lab: labtest.New(t), t: t}
	r.Install("lvsdns-fallback", "/usr/bin/lvsdns-fallback")
	r.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lan := r.LAN("lan", "192.168.1.0/24")
	r.director = r.Director("director", lan.At("192.168.1.11"))
	for i, rip := range []string{"192.168.1.21", "192.168.1.22"} {
		r.RealServer(fmt.Sprintf("dns%d", i+1), lan.At(rip)).DR(serviceVIP).NameServer(labtest.NSD)
	}
	return r, r.Client("client", lan.At("192.168.1.31"))
}

func servicesOf(vip string) string {
	var text strings.Builder
	for _, proto := range []string{"UDP", "TCP"} {
		fmt.Fprintf(&text, "virtual_server %s 53 {\n protocol %s\n lb_algo rr\n lb_kind DR\n delay_loop 2\n warmup 0\n", vip, proto)
		for _, rip := range []string{"192.168.1.21", "192.168.1.22"} {
			fmt.Fprintf(&text, "real_server %s 53 {\n MISC_CHECK {\n misc_path \"/usr/bin/lvsdns-check --timeout 1500ms --name example.com %s\"\n misc_timeout 5\n retry 1\n}\n}\n", rip, rip)
		}
		text.WriteString("}\n")
	}
	return text.String()
}

// instance starts a keepalived with pidfiles of its own.
func (r *rig) instance(name, conf string, more ...string) *labtest.Process {
	r.t.Helper()
	r.configure(conf)
	args := []string{"--dont-fork", "--log-detail", "--log-console", "--use-file=" + r.file("keepalived.conf"), "--pid=" + r.file(name+".pid"),
		"--vrrp_pid=" + r.file(name+"_vrrp.pid"), "--bfd_pid=" + r.file(name+"_bfd.pid")}
	if name == "checkers" {
		args = append(args, "--checkers_pid="+r.file("keepalived_checkers.pid"))
	} else {
		args = append(args, "--checkers_pid="+r.file(name+"_checkers.pid"))
	}
	// A log of its own name: the other's goes on where it was.
	r.InstallFile(r.file("keepalived-"+name), "#!/bin/sh\nexec keepalived \"$@\"\n")
	return r.director.Start(r.file("keepalived-"+name), append(args, more...)...)
}

// arrangement is how keepalived's checkers make place and come back.
type arrangement struct {
	stop, start func()
	during      func()    // while lvsdns-fallback programs; nil: nothing
	after       func(int) // a round, by its number; nil: nothing
}

// takeOver takes the table over and hands it back, again and again, while a client asks from fresh ports and from a fixed one, and keeps
// TCP connections open over all of it. What the client loses without that is its noise floor.
func (r *rig) takeOver(client *labtest.Host, a arrangement) {
	t := r.t
	t.Helper()
	r.WaitFor("all serve", 30*time.Second, func() bool { return strings.Count(r.table(), "-w 1") == 4 })
	load := client.Load(labtest.Traffic{Question: labtest.Question{Server: serviceVIP}, UDP: 40, TCP: 5}, "noise")
	fixed := newFixed(t, client, serviceVIP)
	time.Sleep(20 * time.Second)
	noise := fixed.lost()
	load.Phase("rounds")
	taken, wrote := 0, 0 // the log goes on where it was
	for round := range rounds {
		a.stop()
		p := r.fallback()
		taken++
		r.WaitFor("the take-over", 30*time.Second, func() bool { return strings.Count(p.Log(), "configuration taken") == taken })
		time.Sleep(time.Second)
		if a.during != nil {
			a.during()
		}
		if out, err := r.director.Run(t.Context(), "/usr/bin/lvsdns-fallback", "hand-back", "--keepalived-config", r.file("keepalived.conf"), "--lock-file", r.file("fallback.lock")); err != nil {
			t.Fatalf("hand-back: %v %s", err, out)
		}
		r.ended("the hand-back", p)
		wrote = strings.Count(p.Log(), "msg=written")
		a.start()
		if a.after != nil {
			a.after(round)
		}
	}
	phases := load.Stop()
	inRounds := fixed.stop() - noise
	for _, p := range phases {
		t.Logf("%s: UDP %+v, TCP %+v", p.Name, p.UDP, p.TCP)
	}
	t.Logf("%d rounds, %d writes; fixed source port: %d lost in 20 s without, %d in the rounds; connections held open and reset: %d", taken, wrote, noise, inRounds, fixed.reset)
	if fixed.reset > 0 {
		t.Errorf("%d TCP connections were reset", fixed.reset)
	}
	floor := float64(phases[0].UDP.Failed()) / float64(max(phases[0].UDP.Sent, 1))
	if lost := float64(phases[1].UDP.Failed()); lost > floor*float64(phases[1].UDP.Sent) && lost > 0 {
		t.Errorf("UDP: %d of %d lost, the noise floor is %.5f", int(lost), phases[1].UDP.Sent, floor)
	}
	if phases[1].TCP.Failed() > phases[0].TCP.Failed() {
		t.Errorf("TCP: %+v", phases[1].TCP)
	}
	if noise == 0 && inRounds > 0 {
		t.Errorf("a client with a fixed source port lost %d queries", inRounds)
	}
}

// fixed is a client with one UDP socket and connections that stay open.
type fixed struct {
	t     *testing.T
	mu    sync.Mutex
	count int
	reset int
	end   chan struct{}
	wg    sync.WaitGroup
}

// soa asks for the SOA of example.com.
const soa = "\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x06\x00\x01"

func newFixed(t *testing.T, from *labtest.Host, vip string) *fixed {
	t.Helper()
	f := &fixed{t: t, end: make(chan struct{})}
	server := netip.AddrPortFrom(netip.MustParseAddr(vip), 53).String()
	dial := func(network string) net.Conn {
		conn, err := from.Dial(network, server)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	f.wg.Add(1)
	go f.ask(dial("udp"))
	for range 4 {
		f.wg.Add(1)
		go f.hold(dial("tcp"))
	}
	return f
}

// ask sends a query every 100 ms from one port.
func (f *fixed) ask(conn net.Conn) {
	defer f.wg.Done()
	defer conn.Close()
	b := make([]byte, 4096)
	for id := uint16(1); ; id++ {
		select {
		case <-f.end:
			return
		case <-time.After(100 * time.Millisecond):
		}
		q := []byte(soa)
		q[0], q[1] = byte(id>>8), byte(id)
		_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
		_, err := conn.Write(q)
		for err == nil {
			var n int
			if n, err = conn.Read(b); err == nil && n > 2 && b[0] == q[0] && b[1] == q[1] {
				break
			}
		}
		if err != nil {
			f.mu.Lock()
			f.count++
			f.mu.Unlock()
		}
	}
}

// hold asks now and then over one connection. The server may close it when it is idle, so it never is for long.
func (f *fixed) hold(conn net.Conn) {
	defer f.wg.Done()
	defer conn.Close()
	b := make([]byte, 4096)
	for {
		select {
		case <-f.end:
			return
		case <-time.After(500 * time.Millisecond):
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, err := conn.Write([]byte("\x00\x1d" + soa))
		if err == nil {
			_, err = conn.Read(b)
		}
		if err != nil {
			f.mu.Lock()
			f.reset++
			f.mu.Unlock()
			if errors.Is(err, syscall.ECONNRESET) {
				f.t.Logf("reset: %v", err)
			}
			return
		}
	}
}

func (f *fixed) lost() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

func (f *fixed) stop() int {
	close(f.end)
	f.wg.Wait()
	return f.lost()
}
