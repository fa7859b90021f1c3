package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// echoEach is how often a packet is sent.
const echoEach = time.Millisecond

// latencies are the times from packet to echo, sorted, and how many had none within a second.
type latencies struct {
	all  []time.Duration
	lost int
}

func (l latencies) at(share float64) time.Duration {
	if len(l.all) == 0 {
		return 0
	}
	return l.all[int(share*float64(len(l.all)-1)+0.5)]
}

// serveEcho sends every packet back until the socket is closed.
func serveEcho(ns *os.File) (stop func(), err error) {
	var fd int
	err = netns.Do(ns, func() error {
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		return errors.Join(
			unix.Bind(fd, sockaddr(serverAddr)),
			unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000}),
		)
	})
	if err != nil {
		return nil, fmt.Errorf("open the echo server: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		stayOn(otherCPU())
		b := make([]byte, 64)
		for ctx.Err() == nil {
			if n, from, err := unix.Recvfrom(fd, b, 0); err == nil {
				_ = unix.Sendto(fd, b[:n], 0, from)
			}
		}
		_ = unix.Close(fd)
	}()
	return func() { cancel(); <-done }, nil
}

// measureEcho sends packets for some time. It runs on a thread of its own, which ends with it.
func measureEcho(ctx context.Context, ns *os.File, span time.Duration) (latencies, error) {
	type result struct {
		l   latencies
		err error
	}
	done := make(chan result)
	go func() {
		var fd int
		err := netns.Do(ns, func() (err error) {
			if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
				return err
			}
			return errors.Join(
				unix.Connect(fd, sockaddr(serverAddr)),
				unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}),
			)
		})
		if err != nil {
			done <- result{err: fmt.Errorf("open the echo client: %w", err)}
			return
		}
		defer unix.Close(fd)
		stayOn(otherCPU())
		done <- result{l: echoes(ctx, fd, span)}
	}()
	r := <-done
	return r.l, r.err
}

func echoes(ctx context.Context, fd int, span time.Duration) latencies {
	var l latencies
	b := make([]byte, 64)
	for n := uint64(1); ctx.Err() == nil && time.Duration(n)*echoEach < span; n++ {
		began := time.Now()
		binary.NativeEndian.PutUint64(b, n)
		_, err := unix.Write(fd, b)
		for err == nil {
			if _, err = unix.Read(fd, b); err == nil && binary.NativeEndian.Uint64(b) == n {
				l.all = append(l.all, time.Since(began))
				break // not the late echo of a packet before
			}
		}
		if err != nil {
			l.lost++
		}
		rest := unix.NsecToTimespec(int64(max(0, echoEach-time.Since(began))))
		_ = unix.Nanosleep(&rest, nil)
	}
	slices.Sort(l.all)
	return l
}

// stayOn binds the calling goroutine to a thread, and the thread to a processor, at the priority that packets have.
func stayOn(cpu int) {
	runtime.LockOSThread() // and never unlocked
	var set unix.CPUSet
	set.Set(cpu)
	_ = unix.SchedSetaffinity(0, &set)
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, -20) // neighbours on the machine are not the matter here
}

// otherCPU is where client and server run.
func otherCPU() int { return min(1, runtime.NumCPU()-1) }

func sockaddr(s string) unix.Sockaddr {
	a := netip.MustParseAddrPort(s)
	return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
}
