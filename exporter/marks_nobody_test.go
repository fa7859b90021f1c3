package exporter

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

const (
	lvs_marked4 = "virtual_server fwmark 7 {\n\tlb_algo rr\n\tlb_kind TUN\n\treal_server 192.0.2.21 0 {\n\t}\n}\n"
	lvs_marked6 = "virtual_server fwmark 7 {\n\tip_family inet6\n\tlb_algo rr\n\tlb_kind TUN\n\treal_server 2001:db8::21 0 {\n\t}\n}\n"

	lvs_procHead  = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
	lvs_procMark  = "FWM  00000007 rr \n"
	lvs_procMark2 = "FWM  00000007 wrr \n"
	lvs_route4    = "  -> C0000215:0000      Route   1      0          0         \n"
	lvs_route6    = "  -> [2001:0db8:0000:0000:0000:0000:0000:0021]:0000      Route   1      0          0         \n"
	lvs_tunnel4   = "  -> C0000215:0000      Tunnel  1      0          0         \n"
	lvs_tunnel6   = "  -> [2001:0db8:0000:0000:0000:0000:0000:0021]:0000      Tunnel  1      0          0         \n"
)

// textProc is IPVS for a process without rights: /proc/net/ip_vs.
type textProc struct {
	Proc
	text string
}

func (p textProc) Table() (ipvs.Table, ipvs.Info, error) {
	return ipvs.ParseTable(strings.NewReader(lvs_procHead + p.text))
}

// TestMarksOfNobody has what /proc/net/ip_vs shows of firewall marks, what keepalived.conf has, and the families that follow.
func TestMarksOfNobody(t *testing.T) {
	for _, tt := range []struct{ name, table, conf, want string }{
		{"real servers", lvs_procMark + lvs_route4, "", "ipv4"},
		{"real servers of IPv6", lvs_procMark + lvs_route6, "", "ipv6"},
		{"real servers before the configuration", lvs_procMark + lvs_route4, lvs_marked6, "ipv4"},
		{"no real server", lvs_procMark, lvs_marked6, "ipv6"},
		{"no real server, and no configuration", lvs_procMark, "", ""},
		{"no real server, and both families are configured", lvs_procMark, lvs_marked4 + lvs_marked6, ""},
		{"no real server, of two", lvs_procMark + lvs_route6 + lvs_procMark2, lvs_marked4 + lvs_marked6, "ipv4 ipv6"},
		{"no real server, of two, and no configuration", lvs_procMark + lvs_procMark2 + lvs_route4, "", "ipv4 ipv6"},
		{"tunnels", lvs_procMark + lvs_tunnel4, lvs_marked4, "ipv4"},
		{"tunnels to the other family", lvs_procMark + lvs_tunnel6, lvs_marked4, "ipv4"},
		{"tunnels, and no configuration", lvs_procMark + lvs_tunnel6, "", "ipv6"},
		{"tunnels to both families, and no configuration", lvs_procMark + lvs_tunnel4 + lvs_tunnel6, "", ""},
		{"tunnels to both families", lvs_procMark + lvs_tunnel4 + lvs_tunnel6, lvs_marked6, "ipv6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &markedProc{Proc: textProc{text: tt.table}, configuration: func() (*keepalived.Config, error) {
				if tt.conf == "" {
					return nil, os.ErrNotExist
				}
				return keepalived.Load("k", keepalived.Options{FS: fstest.MapFS{"k": {Data: []byte(tt.conf)}}})
			}, now: time.Now}
			table, _, err := p.Table()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range table.Entries {
				got = append(got, e.Service.Family.String())
			}
			if slices.Sort(got); strings.Join(got, " ") != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
