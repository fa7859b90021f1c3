//go:build lab

package main_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets this binary ask questions, so that it can be done inside a network namespace.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "ask" {
		os.Exit(askAll(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// flow is a client with a source port of its own.
type flow struct{ from, to string } // both as address:port

// ask asks once for each flow, all at the same time, and returns those that were answered.
func (r *rig) ask(flows ...flow) map[flow]bool {
	r.t.Helper()
	self, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	args := []string{"ask"}
	for _, f := range flows {
		args = append(args, f.from+" "+f.to)
	}
	out, err := r.client.Run(r.t.Context(), self, args...)
	if err != nil {
		r.t.Fatal(err)
	}
	answered := map[flow]bool{}
	for line := range strings.Lines(out) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		answered[flow{from, to}] = true
	}
	return answered
}

// mustAsk is ask where every flow must be answered.
func (r *rig) mustAsk(flows ...flow) {
	r.t.Helper()
	if answered := r.ask(flows...); len(answered) != len(flows) {
		r.t.Fatalf("only %v of %v were answered\n%s", answered, flows, r.connections())
	}
}

// askAll prints the flows that were answered, each within two seconds and by the second of two questions at the latest.
func askAll(flows []string) int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, f := range flows {
		wg.Go(func() {
			from, to, _ := strings.Cut(f, " ")
			if err := askOnce(from, to); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", f, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			fmt.Println(f)
		})
	}
	wg.Wait()
	return 0
}

// question is "example.com SOA", with the ID 4711.
const question = "\x12\x67\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x06\x00\x01"

func askOnce(from, to string) error {
	local, err := net.ResolveUDPAddr("udp", from)
	if err != nil {
		return err
	}
	remote, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		return err
	}
	conn, err := net.DialUDP("udp", local, remote)
	if err != nil {
		return err
	}
	defer conn.Close()
	for range 2 {
		if _, err = conn.Write([]byte(question)); err != nil {
			return err
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		answer := make([]byte, 4096)
		var n int
		if n, err = conn.Read(answer); err == nil && n > len(question) && answer[3]&15 == 0 {
			return nil
		}
	}
	return fmt.Errorf("no answer: %w", err)
}
