package capture

import (
	"bytes"
	"context"
	"net"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// BenchmarkReaders is what one packet costs the program that reads it, in processor time, and how many it loses, at
// the rate that the sender has on this machine: this package and what it counts, tcpdump that writes to /dev/null,
// and a program that calls recvmsg for each packet and does nothing else.
func BenchmarkReaders(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		p := newPair(b, "eth0")
		conn := p.sink()
		c := New(Config{})
		if err := c.Update(served()); err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		used := make(chan int64)
		go func() {
			netns.Do(p.server, func() error { // on a thread of its own
				before := threadTime(b)
				err := c.Run(ctx)
				used <- threadTime(b) - before
				return err
			})
		}()
		p.wait("the ring is open", c, func(r Report) bool { return len(r.Links) == 1 && r.Links[0].Listening })
		flood(b, conn)
		time.Sleep(4 * retire)
		r := p.wait("all is read", c, func(r Report) bool { return r.Totals.Frames+r.Links[0].Drops == r.Links[0].Packets })
		cancel()
		b.ReportMetric(float64(r.Links[0].Packets), "passed") // less than was sent when the kernel's own queue was full
		report(b, <-used, r.Links[0].Drops)
	})
	b.Run("tcpdump", func(b *testing.B) {
		p := newPair(b, "eth0")
		conn := p.sink()
		var said bytes.Buffer
		cmd := exec.Command("tcpdump", "-i", "eth0", "-n", "-w", "/dev/null", "udp port 53")
		cmd.Stderr = &said
		p.inside(p.server, cmd.Start)
		time.Sleep(time.Second) // it says "listening" before it does
		flood(b, conn)
		time.Sleep(2 * time.Second) // its ring is read every second
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		b.Log(said.String())
		report(b, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Nanoseconds(), 0)
	})
	b.Run("recvmsg", func(b *testing.B) {
		p := newPair(b, "eth0")
		conn := p.sink()
		type result struct{ used, got int64 }
		done := make(chan result)
		ready := make(chan struct{})
		go netns.Do(p.server, func() error {
			links, err := Links()
			if err != nil {
				return err
			}
			fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20)
			unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 2})
			for _, l := range links {
				if l.Name == "eth0" {
					unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: 0x0300, Ifindex: l.Index})
				}
			}
			close(ready)
			before, got := threadTime(b), int64(0)
			buf := make([]byte, 2048)
			for {
				if _, _, _, _, err := unix.Recvmsg(fd, buf, nil, 0); err != nil {
					break
				}
				got++
			}
			done <- result{threadTime(b) - before, got}
			return nil
		})
		<-ready
		flood(b, conn)
		r := <-done
		report(b, r.used, uint64(max(int64(b.N)-r.got, 0)))
	})
}

// sink takes queries on the server and never looks at them.
func (p *pair) sink() net.Conn {
	p.inside(p.server, func() error {
		udp, err := net.ListenPacket("udp", net.JoinHostPort(vip, "53"))
		if err == nil {
			p.t.Cleanup(func() { udp.Close() })
		}
		return err
	})
	conn := p.dial("udp", vip)
	conn.SetDeadline(time.Time{})
	return conn
}

func flood(b *testing.B, conn net.Conn) {
	q := question(1, 30)
	began := time.Now()
	b.ResetTimer()
	for i := range b.N {
		q[0], q[1] = byte(i>>8), byte(i)
		if _, err := conn.Write(q); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "packets/s")
}

func report(b *testing.B, used int64, lost uint64) {
	b.ReportMetric(float64(used)/float64(b.N), "cpu-ns/packet")
	b.ReportMetric(float64(lost)/float64(b.N)*100, "%lost")
}

func threadTime(b *testing.B) int64 {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &r); err != nil {
		b.Fatal(err)
	}
	return r.Utime.Nano() + r.Stime.Nano()
}
