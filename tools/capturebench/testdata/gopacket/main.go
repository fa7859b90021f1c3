// Command gopacket is a rival of lvsdns-exporter: what somebody writes who takes gopacket, its ring of AF_PACKET without
// copies and its fastest decoder, to count queries and rcodes. It prints how many packets it read when it is told to end.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/afpacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/net/bpf"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// filter is that of tcpdump, which is compiled by libpcap.
func filter(device string) (code []bpf.RawInstruction, err error) {
	out, err := exec.Command("tcpdump", "-i", device, "-ddd", "port 53").Output()
	if err != nil {
		return nil, fmt.Errorf("tcpdump -ddd: %w", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n")[1:] {
		var in bpf.RawInstruction
		if _, err := fmt.Sscan(line, &in.Op, &in.Jt, &in.Jf, &in.K); err != nil {
			return nil, fmt.Errorf("tcpdump -ddd: %q: %w", line, err)
		}
		code = append(code, in)
	}
	return code, nil
}

func run(device string) error {
	code, err := filter(device)
	if err != nil {
		return err
	}
	ring, err := afpacket.NewTPacket(afpacket.OptInterface(device), afpacket.TPacketVersion3, afpacket.OptNumBlocks(32), afpacket.OptPollTimeout(100*time.Millisecond))
	if err != nil {
		return err
	}
	defer ring.Close()
	if err := ring.SetBPF(code); err != nil {
		return err
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)

	var (
		eth     layers.Ethernet
		ip4     layers.IPv4
		ip6     layers.IPv6
		udp     layers.UDP
		dns     layers.DNS
		found   []gopacket.LayerType
		packets int
		queries = map[layers.DNSType]int{}
		rcodes  = map[layers.DNSResponseCode]int{}
	)
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &eth, &ip4, &ip6, &udp, &dns)
	parser.IgnoreUnsupported = true
	for {
		data, _, err := ring.ZeroCopyReadPacketData()
		if errors.Is(err, afpacket.ErrTimeout) {
			select {
			case <-end:
				fmt.Println(packets, "packets", queries, rcodes)
				return nil
			default:
				continue
			}
		}
		if err != nil {
			return err
		}
		packets++
		if parser.DecodeLayers(data, &found) != nil || len(found) == 0 || found[len(found)-1] != layers.LayerTypeDNS {
			continue
		}
		switch {
		case dns.QR:
			rcodes[dns.ResponseCode]++
		case len(dns.Questions) > 0:
			queries[dns.Questions[0].Type]++
		}
	}
}
