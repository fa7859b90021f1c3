//go:build lab && prove

package main_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

var (
	soakFor  = flag.Duration("soak", 2*time.Hour, "how long TestSoak runs")
	soakSeed = flag.Uint64("soak-seed", 0, "order and place of the faults of TestSoak; 0: a new one, which is printed")
)

// The memory of a program may be this much more in the last quarter of a soak than in the first, by their medians. A leak of one page for each
// fault, or of one goroutine, is more than that after two hours.
const (
	soakMemory      = 1.15
	soakMemoryBytes = 2 << 20
	soakDescriptors = 3
	soakGoroutines  = 5
)

// TestSoak has a director with keepalived, its checks, the exporter with the capture, and the FIFO service. Clients ask, Prometheus scrapes
// every five seconds, and one thing after another breaks. Neither program ends, each scrape is answered, and what they hold of memory,
// descriptors and goroutines is the same at the end as at the beginning.
func TestSoak(t *testing.T) {
	seed := *soakSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("%s, -soak-seed %d", *soakFor, seed)
	s := newSoak(t, rand.New(rand.NewPCG(seed, 0)))
	scrapes := s.scrape(5 * time.Second)
	traffic := s.client.Load(labtest.Traffic{Question: labtest.Question{Server: vip}, UDP: 20, TCP: 2}, "soak")

	every := min(time.Minute, *soakFor/20)
	start := time.Now()
	s.sample(0)
	for next := every; next <= *soakFor; {
		for _, f := range s.shuffled() {
			f.do()
			s.count[f.name]++
			s.lab.WaitFor("clients are answered again after "+f.name, 5*time.Minute, func() bool {
				a, err := s.client.Ask(labtest.Question{Server: vip})
				return err == nil && a.Rcode == "NOERROR"
			})
			if since := time.Since(start); since >= next {
				s.sample(since)
				next = since.Truncate(every) + every
			}
		}
	}
	asked := traffic.Stop()[0]
	t.Logf("faults: %v", s.count)
	t.Logf("scrapes: %d, none failed; clients: %d of %d questions by UDP and %d of %d by TCP were answered", scrapes(), asked.UDP.Answered, asked.UDP.Sent,
		asked.TCP.Answered, asked.TCP.Sent)
	s.flat()
}

// soak is a director to which faults happen.
type soak struct {
	*rig
	random     *rand.Rand
	names      []*labtest.NameServer
	keepalived *labtest.Keepalived
	notify     *labtest.Process
	socket     string
	weight     int
	count      map[string]int // faults, by name
	samples    map[string][]holds
}

// holds is what a program holds at one moment.
type holds struct {
	memory                           int64
	descriptors, threads, goroutines int
}

type soakFault struct {
	name string
	do   func()
}

func newSoak(t *testing.T, random *rand.Rand) *soak {
	lab := labtest.New(t)
	for _, program := range []string{"lvsdns-exporter", "lvsdns-check", "lvsdns-notify", "lvsdns-notify-act"} {
		lab.Install(program, "/usr/bin/"+program)
	}
	wan, lan := lab.LAN("wan", "10.0.0.0/24"), lab.LAN("lan", "192.168.1.0/24")
	s := &soak{rig: &rig{t: t, lab: lab}, random: random, count: map[string]int{}, samples: map[string][]holds{}, weight: 1}
	s.director = lab.Director("director", wan.At("10.0.0.1"), lan.At("192.168.1.11"))
	for i, ip := range []string{"192.168.1.21", "192.168.1.22"} {
		s.names = append(s.names, lab.RealServer(fmt.Sprint("dns", i+1), lan.At(ip)).NAT("192.168.1.11").NameServer(labtest.NSD))
	}
	s.client = lab.Client("client", wan.At("10.0.0.50"))
	s.socket = "/run/check.sock"
	file := func(name string) string { return filepath.Join(lab.Dir(), "director", name) }
	s.write(file("notify.yaml"), "timeout: 10s\nrules:\n"+
		"  - states: [master]\n    actions:\n      - sysctl: {key: net.netfilter.nf_conntrack_udp_timeout, value: 10}\n      - command: {run: [/bin/true]}\n"+
		"  - states: [backup, fault, stop]\n    actions:\n      - sysctl: {key: net.netfilter.nf_conntrack_udp_timeout, value: 30}\n")
	s.notify = s.director.Start("/usr/bin/lvsdns-notify", "--config="+file("notify.yaml"), "--keepalived-config="+file("keepalived.conf"),
		"--state-dir="+file("lib"), "--run-dir="+file("run"), "fifo", "--vrrp", file("vrrp.fifo"), "--lvs", file("lvs.fifo"))
	lab.WaitFor("the FIFOs are there", 30*time.Second, func() bool {
		_, err := os.Stat(file("lvs.fifo"))
		return err == nil
	})
	s.keepalived = s.director.Keepalived(s.conf())
	s.write(file("exporter.yaml"), "metrics: {detail: backend}\n")
	s.rig.run(nil, []string{"--config", file("exporter.yaml"), "--dns.capture", "--dns.top", "--checks.max", "2000",
		"--keepalived.config-file", s.keepalived.ConfigFile(), "--keepalived.pid-file", file("keepalived.pid"), "--keepalived.signal",
		"--notify.state-dir", file("lib"), "--conntrack.interval", "10s", "--connections.interval", "10s"})
	lab.WaitFor("clients are answered", time.Minute, func() bool {
		_, err := s.client.Ask(labtest.Question{Server: vip})
		return err == nil
	})
	return s
}

func (s *soak) write(path, text string) {
	s.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// conf is keepalived's configuration, in which the weights are others each time.
func (s *soak) conf() string {
	s.weight = s.weight%9 + 1
	var b strings.Builder
	dir := filepath.Join(s.lab.Dir(), "director")
	fmt.Fprintf(&b, "global_defs {\n\tscript_user root\n\tvrrp_notify_fifo %[1]s/vrrp.fifo\n\tlvs_notify_fifo %[1]s/lvs.fifo\n}\n", dir)
	fmt.Fprintf(&b, "vrrp_instance dns {\n\tinterface eth0\n\tstate MASTER\n\tvirtual_router_id 51\n\tpriority 150\n\tadvert_int 1\n\tvirtual_ipaddress {\n\t\t%s/32\n\t}\n}\n", vip)
	for _, proto := range []string{"UDP", "TCP"} {
		fmt.Fprintf(&b, "virtual_server %s 53 {\n\tprotocol %s\n\tlb_algo wrr\n\tlb_kind NAT\n\tdelay_loop 2\n\tretry 1\n\tdelay_before_retry 1\n", vip, proto)
		for _, ip := range []string{"192.168.1.21", "192.168.1.22"} {
			fmt.Fprintf(&b, "\treal_server %[1]s 53 {\n\t\tweight %[2]d\n\t\tMISC_CHECK {\n\t\t\tmisc_path \"/usr/bin/lvsdns-check --exporter-socket %[3]s --transport %[4]s --name example.com %[1]s\"\n\t\t\tmisc_timeout 5\n\t\t}\n\t}\n",
				ip, s.weight, s.socket, strings.ToLower(proto))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// shuffled is each fault once: all have happened before the first quarter ends.
func (s *soak) shuffled() []soakFault {
	server := func() *labtest.NameServer { return s.names[s.random.IntN(len(s.names))] }
	broken := func(breaks func(*labtest.NameServer)) func() {
		return func() {
			n := server()
			breaks(n)
			time.Sleep(8 * time.Second) // keepalived looks every two seconds, and once more
			n.Repair()
		}
	}
	all := []soakFault{
		{"a name server is killed", broken((*labtest.NameServer).Kill)},
		{"a name server answers SERVFAIL", broken(func(n *labtest.NameServer) { n.Break(labtest.Servfail) })},
		{"a name server is slow", broken(func(n *labtest.NameServer) { n.Slow(3 * time.Second) })},
		{"keepalived is reloaded", func() { s.keepalived.Reload(s.conf()) }},
		{"keepalived is killed", func() { s.keepalived.Kill(); s.keepalived.Start() }},
		{"a link is down", s.linkDown},
		{"the exporter and the FIFO service are told to reload", func() { s.exporter.Signal(syscall.SIGHUP); s.notify.Signal(syscall.SIGHUP) }},
		{"readers who do not read", s.readers},
		{"many reports", s.reports},
	}
	s.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func (s *soak) linkDown() {
	card := fmt.Sprint("eth", s.random.IntN(2))
	s.run1("ip", "link", "set", card, "down")
	time.Sleep(6 * time.Second)
	s.run1("ip", "link", "set", card, "up")
}

func (s *soak) readers() {
	stop := make(chan struct{})
	var all sync.WaitGroup
	for _, says := range []string{
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"GET /api/v1/state HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: ",
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n",
	} {
		all.Go(func() { hold(s.director, 25, says, stop) })
	}
	time.Sleep(10 * time.Second)
	close(stop)
	all.Wait()
}

// reports sends true ones of a few hundred checks that nobody else runs, and as many that are none.
func (s *soak) reports() {
	const report = `{"server":"192.0.2.%d:53","name":"flood.example.","type":"SOA","transport":"udp","path":"rip","outcome":"pass","reason":"","rcode":"NOERROR",` +
		`"duration_seconds":0.01,"latency_seconds":0.01}`
	for i := range 5000 {
		for _, text := range []string{fmt.Sprintf(report, i%200+1), strings.Repeat("{", 1+s.random.IntN(20000))} {
			if err := datagram(s.socket, text); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// datagram sends without waiting: what does not fit is lost, as a check's report would be.
func datagram(path, text string) error {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	if err = syscall.Sendto(fd, []byte(text), syscall.MSG_DONTWAIT, &syscall.SockaddrUnix{Name: path}); err == syscall.EAGAIN {
		return nil
	}
	return err
}

// scrape reads /metrics every so often until the test ends, and returns how many pages there were. A page that does not come ends the test.
func (s *soak) scrape(every time.Duration) func() int64 {
	var pages atomic.Int64
	var all sync.WaitGroup
	stop := make(chan struct{})
	all.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
			}
			text, err := s.get("/metrics")
			if err != nil || !strings.Contains(text, `lvsdns_source_up{source="ipvs"} 1`) {
				s.t.Errorf("scrape %d lacks IPVS: %v", pages.Load()+1, err)
				continue
			}
			pages.Add(1)
		}
	})
	return func() int64 {
		close(stop)
		all.Wait()
		return pages.Load()
	}
}

// sample notes what each program holds now.
func (s *soak) sample(at time.Duration) {
	s.t.Helper()
	p := s.page()
	goroutines, _ := p.value("go_goroutines")
	line := fmt.Sprintf("%5.1f min", at.Minutes())
	for name, process := range map[string]*labtest.Process{"exporter": s.exporter, "notify": s.notify} {
		if !process.Running() {
			s.t.Fatalf("%s has ended:\n%s", name, process.Log())
		}
		files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", process.PID()))
		if err != nil {
			s.t.Fatal(err)
		}
		h := holds{memory: memory(s.t, process.PID(), "VmRSS"), descriptors: len(files), threads: int(memory(s.t, process.PID(), "Threads") >> 10)}
		if name == "exporter" {
			h.goroutines = int(goroutines)
		}
		s.samples[name] = append(s.samples[name], h)
	}
	for _, name := range []string{"exporter", "notify"} {
		h := s.samples[name][len(s.samples[name])-1]
		line += fmt.Sprintf("   %s: %5.1f MB, %2d descriptors, %2d threads", name, float64(h.memory)/(1<<20), h.descriptors, h.threads)
		if h.goroutines > 0 {
			line += fmt.Sprintf(", %3d goroutines", h.goroutines)
		}
	}
	s.t.Log(line)
}

// flat holds the last quarter against the first.
func (s *soak) flat() {
	s.t.Helper()
	for _, name := range []string{"exporter", "notify"} {
		all := s.samples[name]
		quarter := max(1, len(all)/4)
		first, last := all[:quarter], all[len(all)-quarter:]
		for what, figure := range map[string]struct {
			of    func(holds) float64
			limit func(float64) float64
		}{
			"bytes of memory": {func(h holds) float64 { return float64(h.memory) }, func(v float64) float64 { return v*soakMemory + soakMemoryBytes }},
			"descriptors":     {func(h holds) float64 { return float64(h.descriptors) }, func(v float64) float64 { return v + soakDescriptors }},
			"goroutines":      {func(h holds) float64 { return float64(h.goroutines) }, func(v float64) float64 { return v + soakGoroutines }},
		} {
			was, is := soakMedian(first, figure.of), soakMedian(last, figure.of)
			if is == 0 && what == "goroutines" {
				continue // only the exporter says how many it has
			}
			s.t.Logf("%s, %s: median %.0f in the first quarter, %.0f in the last, at most %.0f", name, what, was, is, figure.limit(was))
			if is > figure.limit(was) {
				s.t.Errorf("%s: %s grow", name, what)
			}
		}
	}
}

func soakMedian(all []holds, of func(holds) float64) float64 {
	var values []float64
	for _, h := range all {
		values = append(values, of(h))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
