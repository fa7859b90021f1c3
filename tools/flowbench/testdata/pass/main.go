// Command pass makes one pass over the connection tracking table of its
// network namespace, for the virtual servers 192.0.0.0:53, 192.0.0.1:53 … and
// prints what it has counted: entries, then flows by state, then stale ones. With
// a duration it makes passes until that is over, and counts them.
package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/lvsdns/lvsdns/conntrack"
)

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	services := make([]conntrack.Service, n)
	for i := range services {
		services[i].At = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}), 53)
		for j := range 5 {
			services[i].Servers = append(services[i].Servers, conntrack.Server{At: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(j)}), 53)})
		}
	}
	client := conntrack.New(conntrack.Config{Timeout: 5 * time.Minute})
	pass := func() conntrack.Pass {
		p, err := client.Pass(context.Background(), services, 1<<30)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return p
	}
	if len(os.Args) > 2 {
		span, err := time.ParseDuration(os.Args[2])
		if err != nil {
			panic(err)
		}
		passes := 0
		for end := time.Now().Add(span); time.Now().Before(end); passes++ {
			pass()
		}
		fmt.Println(passes)
		return
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p := pass()
	runtime.ReadMemStats(&after)
	var all conntrack.Count
	for _, s := range p.Services {
		for i, n := range s.ByState {
			all.ByState[i] += n
		}
		all.Stale += s.Stale
	}
	fmt.Println(p.Entries(), all.ByState[0], all.ByState[1], all.ByState[2], all.Stale, after.Mallocs-before.Mallocs)
}
