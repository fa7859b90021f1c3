package dnstap

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/netns"
)

// The addresses of a namespace: those of the virtual server, of the host, and of clients, which are no addresses of this host to
// the one who counts.
var (
	vips    = [2]netip.Addr{netip.MustParseAddr("192.0.2.53"), netip.MustParseAddr("2001:db8::53")}
	clients = [2]netip.Addr{netip.MustParseAddr("192.0.2.5"), netip.MustParseAddr("2001:db8::5")}
)

// software is a name server of Debian that tells of its messages, how it is started, and its settings but for the zones. They are
// formats of its directory and of the socket.
type software struct {
	program, args, conf string
	tls                 bool // it serves port 853 as well
	// few are the questions of which it tells for sure: it drops what its pipe, of 64 KiB, does not take (dnstap_collector.c). They
	// are asked one after the other.
	few   int
	needs string // another program that it starts, and is about
}

var usual = []software{
	{"unbound", "-d -c %[1]s/conf", `server:
  username: ""
  chroot: ""
  directory: %[1]s
  pidfile: ""
  use-syslog: no
  num-threads: 2
  module-config: iterator
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  local-zone: test. nodefault
  local-zone: refused.test. always_refuse
  interface: 192.0.2.53
  interface: 2001:db8::53
  interface: 192.0.2.53@853
  interface: 2001:db8::53@853
  tls-service-key: key.pem
  tls-service-pem: cert.pem
remote-control:
  control-enable: no
auth-zone:
  name: example.com
  zonefile: zone
forward-zone:
  name: servfail.test
  forward-addr: 127.0.0.1
dnstap:
  dnstap-enable: yes
  dnstap-socket-path: %[2]s
  dnstap-log-client-query-messages: yes
  dnstap-log-client-response-messages: yes
`, true, 0, ""},
	{"named", "-g -n 2 -c %[1]s/conf", `options {
  directory "%[1]s";
  listen-on { 192.0.2.53; };
  listen-on-v6 { 2001:db8::53; };
  pid-file none;
  lock-file none;
  session-keyfile "%[1]s/session.key";
  recursion no;
  dnssec-validation no;
  notify no;
  dnstap { auth; client; };
  dnstap-output unix "%[2]s";
};
controls { };
zone "example.com" { type primary; file "zone"; };
zone "servfail.test" { type primary; file "missing"; };
`, false, 0, ""},
}

// TestServers: what real name servers tell of is what clients asked and got, number by number.
func TestServers(t *testing.T) { tellAll(t, usual) }

func tellAll(t *testing.T, all []software) {
	if os.Getuid() != 0 {
		t.Skip("making network namespaces takes root")
	}
	for _, s := range all {
		name := cmp.Or(s.needs, s.program)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(name); err != nil {
				t.Skip(name + " is not installed: lab/setup.sh installs it")
			}
			tells(t, s)
		})
	}
}

func tells(t *testing.T, s software) {
	ns, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ns.Close() })
	must(t, netns.Do(ns, func() error {
		commands := "set -e; ip link set lo up"
		for _, a := range append(vips[:], clients[:]...) {
			commands += fmt.Sprintf("; ip addr add %s/%d dev lo", a, a.BitLen())
			if a.Is6() {
				commands += " nodad"
			}
		}
		out, err := exec.Command("sh", "-c", commands).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}))
	dir := t.TempDir()
	socket := filepath.Join(dir, "tap")
	l := New(Config{Address: socket})
	v := dnscount.View{}
	for _, a := range vips {
		v.Services = append(v.Services, dnscount.Service{Addr: a, Port: 53}, dnscount.Service{Addr: a, Port: 853})
	}
	must(t, l.Update(v))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() { cancel(); must(t, <-done) })
	await(t, l, "it listens", func(r Report) bool { return r.Err == nil })

	log := run(t, ns, s, dir, socket)
	// libfstrm keeps 512 messages until it is connected, and drops the rest: it has told of the probes, so it is.
	await(t, l, "the probes are told", func(r Report) bool { return r.Ignored[Unwanted] > 0 })
	transports := []string{"udp 53", "tcp 53"}
	if s.tls {
		transports = append(transports, "tls 853")
	}
	want := map[netip.AddrPort]*truth{}
	var r Report
	for _, x := range transports {
		transport, port, _ := strings.Cut(x, " ")
		for i, a := range vips {
			at := netip.MustParseAddrPort(net.JoinHostPort(a.String(), port))
			if want[at] == nil {
				want[at] = &truth{}
			}
			if err := ask(ns, transport, clients[i], at, want[at], cmp.Or(s.few, questions), s.few == 0); err != nil {
				t.Fatalf("%s %s: %v\n%s", transport, at, err, log)
			}
		}
		// Before more than its queue holds.
		wrong := []string{""}
		for end := time.Now().Add(15 * time.Second); len(wrong) > 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			r = l.Read()
			wrong = compare(r, want)
		}
		for _, w := range wrong {
			t.Errorf("%s: %s\n%s", transport, w, log)
		}
	}
	t.Logf("%d connections, %d frames, ignored %v, messages by protocol %v", r.Connections, r.Frames, r.Ignored, r.Messages)
}

// run starts a name server in a namespace, and waits until it answers. It ends with the test.
func run(t *testing.T, ns *os.File, s software, dir, socket string) *bytes.Buffer {
	t.Helper()
	zone := "$TTL 300\n@ IN SOA ns1 hostmaster 1 3600 900 604800 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\nwww IN A 192.0.2.80\nwww IN AAAA 2001:db8::80\nbig IN TXT" + strings.Repeat(` "`+strings.Repeat("x", 250)+`"`, 12) + "\n"
	cert, key := certificate(t)
	for name, content := range map[string]string{"conf": fmt.Sprintf(s.conf, dir, socket), "zone": zone, "cert.pem": cert, "key.pem": key} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	args := s.args
	if strings.Contains(args, "%") {
		args = fmt.Sprintf(args, dir)
	}
	log := &bytes.Buffer{}
	cmd := exec.Command(s.program, strings.Fields(args)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, netns.Do(ns, cmd.Start))
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its children too
		_ = cmd.Wait()
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		answering := true
		for _, vip := range vips {
			// From the address itself, which is not counted.
			answering = answering && ask(ns, "probe", vip, netip.AddrPortFrom(vip, 53), &truth{}, 1, false) == nil
		}
		if answering {
			return log
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not answer\n%s", s.program, log)
		}
	}
}

func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	b, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(t, err)
	k, err := x509.MarshalECPrivateKey(private)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b})), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: k}))
}

// truth is what clients asked and got.
type truth struct {
	queries, sizes                 [2]uint64 // by transport
	rcodes                         [2][len(dnscount.Rcodes)]uint64
	types                          [len(dnscount.Types)]uint64
	queryFlags, responseFlags      [4]uint64
	plain, edns, ednsSize, noData  uint64
	truncated, unanswered, orphans uint64
}

func (x *truth) note(transport int, q *dns.Msg, wire []byte) error {
	r := new(dns.Msg)
	if err := r.Unpack(wire); err != nil || r.Id != q.Id {
		return fmt.Errorf("answer to %v: %w", q, err)
	}
	x.queries[transport]++
	x.sizes[transport] += uint64(len(wire))
	x.rcodes[transport][map[int]int{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 16: 9}[r.Rcode]]++
	x.types[map[uint16]int{1: 0, 28: 7, 16: 6, 15: 5, 65: 15}[q.Question[0].Qtype]]++
	flag := func(all *[4]uint64, i int, set bool) {
		if set {
			all[i]++
		}
	}
	flag(&x.queryFlags, 0, q.RecursionDesired)
	flag(&x.queryFlags, 1, q.CheckingDisabled)
	flag(&x.queryFlags, 2, q.AuthenticatedData)
	flag(&x.responseFlags, 0, r.Authoritative)
	flag(&x.responseFlags, 1, r.Truncated)
	flag(&x.responseFlags, 2, r.RecursionAvailable)
	flag(&x.responseFlags, 3, r.AuthenticatedData)
	if o := q.IsEdns0(); o != nil {
		flag(&x.queryFlags, 3, o.Do())
		x.edns++
		x.ednsSize += uint64(o.UDPSize())
	} else {
		x.plain++
	}
	if r.Truncated {
		x.truncated++
	} else if r.Rcode == 0 && len(r.Answer) == 0 {
		x.noData++
	}
	return nil
}

// compare says what of a report is not the truth.
func compare(r Report, want map[netip.AddrPort]*truth) (wrong []string) {
	for _, s := range r.Services {
		x, c := want[s.At], &s.Counts
		if x == nil {
			x = &truth{}
		}
		got := &truth{
			queries: [2]uint64{c.Queries[0][0] + c.Queries[0][1], c.Queries[1][0] + c.Queries[1][1]}, sizes: [2]uint64{c.ResponseSize[0].Sum, c.ResponseSize[1].Sum},
			rcodes: c.Responses, types: c.ByType, queryFlags: c.QueryFlags, responseFlags: c.ResponseFlags, plain: c.EDNS[0], edns: c.EDNS[1], ednsSize: c.EDNSSize.Sum,
			noData: c.NoData, truncated: c.Truncated[0] + c.Truncated[1], unanswered: c.Unanswered, orphans: c.Orphans,
		}
		if *got != *x {
			wrong = append(wrong, fmt.Sprintf("%s: told\n%+v, clients know\n%+v", s.At, *got, *x))
		}
		if n, m := c.Latency[0].Count(), c.Latency[1].Count(); n != x.queries[0] || m != x.queries[1] {
			wrong = append(wrong, fmt.Sprintf("%s: %d and %d latencies of %v", s.At, n, m, x.queries))
		}
	}
	return wrong
}

// question is number i of those that are asked.
func question(i int) *dns.Msg {
	m := new(dns.Msg)
	switch i % 8 {
	case 0:
		m.SetQuestion("www.example.com.", dns.TypeA)
	case 1:
		m.SetQuestion("wWw.example.com.", dns.TypeAAAA).SetEdns0(1232, true)
	case 2:
		m.SetQuestion("big.example.com.", dns.TypeTXT)
	case 3:
		m.SetQuestion("nobody.example.com.", dns.TypeA)
	case 4:
		m.SetQuestion("servfail.test.", dns.TypeA)
	case 5:
		m.SetQuestion("refused.test.", dns.TypeHTTPS)
	case 6:
		m.SetQuestion("www.example.com.", dns.TypeMX).SetEdns0(512, false)
	default:
		m.SetQuestion("big.example.com.", dns.TypeTXT).SetEdns0(4096, false)
	}
	m.Id, m.CheckingDisabled = uint16(i), i%3 == 0
	return m
}

// questions are asked over each transport of each address: with their answers 384 messages, and libfstrm holds 512.
const questions = 96

// ask asks all questions. Over TCP and TLS those are on the way at once, unless it is to wait for each answer.
func ask(ns *os.File, transport string, from netip.Addr, to netip.AddrPort, x *truth, count int, burst bool) error {
	network, wait := "tcp", 10*time.Second
	switch transport {
	case "udp":
		network = "udp"
	case "probe":
		network, wait = "udp", 200*time.Millisecond
	}
	dialer := net.Dialer{Timeout: wait, LocalAddr: &net.TCPAddr{IP: from.AsSlice()}}
	if network == "udp" {
		dialer.LocalAddr, burst = &net.UDPAddr{IP: from.AsSlice()}, false
	}
	var conn net.Conn
	if err := netns.Do(ns, func() (err error) {
		conn, err = dialer.Dial(network, to.String())
		return err
	}); err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(wait))
	if transport == "tls" {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	server := &dns.Conn{Conn: conn, UDPSize: dns.MaxMsgSize} // it frames what goes over a stream
	asked := make(chan error, 1)
	if burst {
		go func() {
			for i := range count {
				if err := server.WriteMsg(question(i)); err != nil {
					asked <- err
					return
				}
			}
		}()
	}
	for i := range count {
		if !burst {
			if err := server.WriteMsg(question(i)); err != nil {
				return err
			}
		}
		b, err := server.ReadMsgHeader(nil)
		if err == nil { // they may come in another order
			err = x.note(map[string]int{"udp": 0, "tcp": 1}[network], question(int(binary.BigEndian.Uint16(b))), b)
		}
		if err != nil {
			select {
			case err = <-asked:
			default:
			}
			return fmt.Errorf("answer %d: %w", i, err)
		}
	}
	return nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
