//go:build lab

package ipvs

import (
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fill gives the connection table n entries: packets with invented sources to a virtual server whose real servers are behind
// an interface that takes all and leads nowhere.
func fill(b *testing.B, n int) {
	b.Helper()
	rules := "-A -u 10.9.0.1:53 -s rr\n"
	for i := 20; i < 60; i++ {
		rules += fmt.Sprintf("-a -u 10.9.0.1:53 -r 192.0.2.%d:53 -g\n", i)
	}
	setup := exec.Command(
		"sh", "-c",
		"ip link add fill0 type dummy && ip link set fill0 up && ip address add 192.0.2.1/24 dev fill0 && ip address replace 10.9.0.1/32 dev lo && ipvsadm -C && ipvsadm -R",
	)
	setup.Stdin = strings.NewReader(rules)
	if out, err := setup.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	b.Cleanup(func() {
		// Without its module the table is empty at once.
		out, err := exec.Command("sh", "-c", `ipvsadm -C; ip link del fill0; `+
			`rmmod $(sed -n 's/^ip_vs [0-9]* [0-9]* \([^ ]*\) .*/\1/p' /proc/modules | tr , ' ') ip_vs; modprobe ip_vs`).CombinedOutput()
		if err != nil {
			b.Errorf("%v: %s", err, out)
		}
	})

	raw, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_RAW)
	if err != nil {
		b.Fatal(err)
	}
	defer syscall.Close(raw)
	to := [4]byte{10, 9, 0, 1}
	p := make([]byte, 20+8+12) // IPv4, UDP without a checksum, nothing
	p[0], p[8], p[9] = 0x45, 64, syscall.IPPROTO_UDP
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	copy(p[16:], to[:])
	binary.BigEndian.PutUint16(p[22:], 53)
	binary.BigEndian.PutUint16(p[24:], uint16(len(p)-20))
	for i := range n {
		copy(p[12:], []byte{172, byte(16 + i>>18), byte(i >> 10), byte(i >> 2)})
		binary.BigEndian.PutUint16(p[20:], uint16(1024+i%40000))
		if err := syscall.Sendto(raw, p, 0, &syscall.SockaddrInet4{Addr: to}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkScan reads connection tables of several sizes to their end, with a budget as in the defaults, and as ipvsadm does. Run it with
// -benchtime 1x: a table must not grow old.
func BenchmarkScan(b *testing.B) {
	for _, n := range []int{10_000, 25_000, 50_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			fill(b, n)
			var scan Scan
			var err error
			measure := func(name string, run func()) {
				began, before := time.Now(), processorTime(b)
				run()
				b.ReportMetric(float64((processorTime(b) - before).Milliseconds()), name+"-cpu-ms")
				b.ReportMetric(float64(time.Since(began).Milliseconds()), name+"-ms")
				b.ReportMetric(float64(scan.Entries), name+"-entries")
			}
			for b.Loop() {
				measure("whole", func() { scan, err = Proc("").ScanConnections(b.Context(), Budget{}) })
				if err != nil || scan.Entries != n {
					b.Fatalf("%d entries of %d, %v", scan.Entries, n, err)
				}
				measure("2s", func() { scan, err = Proc("").ScanConnections(b.Context(), Budget{Time: 2 * time.Second}) })
				if err != nil {
					b.Fatal(err)
				}
				cmd := exec.Command("sh", "-c", "ipvsadm -Lnc > /dev/null")
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64((cmd.ProcessState.SystemTime() + cmd.ProcessState.UserTime()).Milliseconds()), "ipvsadm-cpu-ms")
			}
		})
	}
}

// BenchmarkLatencyDuringScan sends datagrams to an echo server on this host, a thousand each second, with and without passes over
// 50,000 entries one after the other in another process. A pass never stops packets: it holds no lock and leaves softirqs
// alone (ip_vs_conn_array). What it takes is processor time, and where there is one processor only, a program that waits for a packet
// feels that.
func BenchmarkLatencyDuringScan(b *testing.B) {
	fill(b, 50_000)
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for _, how := range []string{"idle", "at-once", "as-the-exporter", "idle-again"} {
		b.Run(how, func(b *testing.B) {
			if !strings.HasPrefix(how, "idle") {
				child := exec.Command(self, "-test.run=^$", "-test.bench=^BenchmarkScanWithoutEnd$", "-scan="+how)
				if err := child.Start(); err != nil {
					b.Fatal(err)
				}
				defer func() {
					_ = child.Process.Kill()
					_ = child.Wait()
				}()
				time.Sleep(time.Second) // It has to start, and to come to the long pages.
			}
			for b.Loop() {
				times := echoes(b, 3000)
				for _, q := range []struct {
					name string
					at   int
				}{{"p50", len(times) / 2}, {"p99", len(times) * 99 / 100}, {"max", len(times) - 1}} {
					b.ReportMetric(float64(times[q.at].Microseconds()), q.name+"-us")
				}
			}
		})
	}
}

var scanHow = flag.String("scan", "", "how BenchmarkScanWithoutEnd reads: at-once or as-the-exporter")

// BenchmarkScanWithoutEnd is the other process of BenchmarkLatencyDuringScan, and is killed.
func BenchmarkScanWithoutEnd(b *testing.B) {
	budget := Budget{Time: 2 * time.Second}
	switch *scanHow {
	case "":
		b.Skip("this is the other process of BenchmarkLatencyDuringScan")
	case "as-the-exporter":
		budget.Rest = 4
		runtime.LockOSThread()
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19); err != nil {
			b.Fatal(err)
		}
	}
	for {
		if _, err := Proc("").ScanConnections(b.Context(), budget); err != nil {
			b.Fatal(err)
		}
	}
}

// echoes returns round trip times, sorted.
func echoes(b *testing.B, n int) []time.Duration {
	b.Helper()
	server, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	go func() {
		buf := make([]byte, 100)
		for {
			n, from, err := server.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			_, _ = server.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	conn, err := net.Dial("udp", server.LocalAddr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	times := make([]time.Duration, 0, n)
	buf := make([]byte, 100)
	for range n {
		began := time.Now()
		if _, err := conn.Write(buf[:40]); err != nil {
			b.Fatal(err)
		}
		_ = conn.SetReadDeadline(began.Add(5 * time.Second))
		if _, err := conn.Read(buf); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(began))
		time.Sleep(time.Millisecond)
	}
	slices.Sort(times)
	return times
}
