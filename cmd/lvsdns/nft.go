package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/dnsview"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/nftcount"
	"github.com/lvsdns/lvsdns/internal/site"
)

const nftUsage = `usage: lvsdns nft [flags] | nft -f -

Prints rules for nftables that count the DNS packets of each virtual server, for
lvsdns-exporter with dns.nftables. It loads nothing. On a director the virtual
servers are those of the IPVS table, on a real server the addresses that lo, a
dummy device or the end of a tunnel has. Loading the rules again sets the
counters back to 0. Exit status: 0, or 1 for an error.

`

// nftOptions are the flags of lvsdns nft.
type nftOptions struct {
	ports    []uint16
	services []netip.AddrPort
	root     string
}

func parseNFT(args []string, stdout io.Writer) (nftOptions, error) {
	o := nftOptions{ports: []uint16{53}}
	f := flag.NewFlagSet("lvsdns nft", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Func("ports", "`ports` of virtual servers that are DNS, such as 53,5353 (53)", func(text string) error {
		o.ports = nil
		for word := range strings.SplitSeq(text, ",") {
			n, err := strconv.ParseUint(strings.TrimSpace(word), 10, 16)
			if err != nil || n == 0 {
				return errors.New("must be ports such as 53,5353")
			}
			o.ports = append(o.ports, uint16(n))
		}
		return nil
	})
	f.Func("service", "one more virtual server, as `ADDRESS:PORT`, that is known by a firewall mark or is this real server's own address; may be several", func(text string) error {
		at, err := netip.ParseAddrPort(text)
		if err != nil || at.Port() == 0 || at.Addr().Zone() != "" {
			return errors.New("must be ADDRESS:PORT, such as 192.0.2.1:53 or [2001:db8::1]:53")
		}
		o.services = append(o.services, netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
		return nil
	})
	f.StringVar(&o.root, "root", "", "`directory` to take for /: its proc/net/ip_vs is read, and not this kernel's IPVS nor its addresses")
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, nftUsage)
		f.SetOutput(stdout)
		f.PrintDefaults()
	case err == nil && f.NArg() > 0:
		err = fmt.Errorf("%q is too much: name virtual servers with --service", f.Arg(0))
	}
	return o, err
}

func nftCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseNFT(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return exitClean
	}
	var services []nftcount.Service
	if err == nil {
		services, err = nftServices(ctx, o)
	}
	if err == nil && len(services) == 0 {
		err = errors.New("there is no virtual server for DNS in the IPVS table, and no address of one on this host; --ports and --service name others")
	}
	if err != nil {
		fmt.Fprintf(stderr, "lvsdns nft: %v\n", err)
		return exitError
	}
	if _, err := io.WriteString(stdout, nftcount.Ruleset(services)); err != nil {
		fmt.Fprintf(stderr, "lvsdns nft: %v\n", err)
		return exitError
	}
	return exitClean
}

// nftServices are the virtual servers of this host.
func nftServices(ctx context.Context, o nftOptions) ([]nftcount.Service, error) {
	table, _, err := site.ReadTable(ctx, o.root)
	if err != nil && !errors.Is(err, ipvs.ErrAbsent) {
		return nil, err
	}
	found := nftOfTable(table, o.ports)
	var holdings []capture.Holding
	if o.root == "" {
		if _, _, holdings, err = capture.Host(); err != nil {
			return nil, err
		}
	}
	_, held := capture.DetectRole(len(found), holdings)
	for _, a := range held {
		for _, port := range o.ports {
			found = append(found, nftcount.Service{At: netip.AddrPortFrom(a, port), Responses: true})
		}
	}
	for _, at := range o.services {
		if !slices.ContainsFunc(found, func(s nftcount.Service) bool { return s.At == at }) {
			// A real server sees its own responses. Of what IPVS knows by a mark nobody can say which way they go.
			own := len(table.Entries) == 0 && slices.ContainsFunc(holdings, func(h capture.Holding) bool { return h.Addr == at.Addr() })
			found = append(found, nftcount.Service{At: at, Responses: own})
		}
	}
	return found, nil
}

// nftOfTable are the virtual servers of a director. Responses pass if they do for all real servers.
func nftOfTable(table ipvs.Table, ports []uint16) (all []nftcount.Service) {
	for _, s := range dnsview.Services(table, ports) {
		all = append(all, nftcount.Service{At: netip.AddrPortFrom(s.Addr, s.Port), Responses: !s.Bypassed()})
	}
	return all
}
