// Command ours is what lvsdns-exporter counts DNS traffic with, and nothing else: the part to hold beside programs that do
// nothing else either. It prints what it counted when it is told to end.
package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// ours DEVICE ADDRESS [PROFILE]: the card, the address of the name server, and where a profile of the processor's time goes.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := capture.New(capture.Config{Interfaces: []string{os.Args[1]}, Seed: 1})
	view := dnscount.View{Role: dnscount.RealServer, Services: []dnscount.Service{{Addr: netip.MustParseAddr(os.Args[2]), Port: 53}}}
	if err := c.Update(view); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if len(os.Args) > 3 {
		if f, err := os.Create(os.Args[3]); err == nil {
			defer f.Close()
			_ = pprof.StartCPUProfile(f)
			defer pprof.StopCPUProfile()
		}
	}
	if err := c.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	last := c.Read()
	var drops uint64
	for _, l := range last.Links {
		drops += l.Drops
	}
	fmt.Println(last.Totals.Frames, "packets,", drops, "packets dropped by kernel")
}
