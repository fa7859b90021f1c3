package servers

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
	marked4 = "virtual_server fwmark 7 {\n\tlb_algo rr\n\tlb_kind TUN\n\treal_server 192.0.2.21 0 {\n\t}\n}\n"
	marked6 = "virtual_server fwmark 7 {\n\tip_family inet6\n\tlb_algo rr\n\tlb_kind TUN\n\treal_server 2001:db8::21 0 {\n\t}\n}\n"

	procHead  = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
	procMark  = "FWM  00000007 rr \n"
	procMark2 = "FWM  00000007 wrr \n"
	route4    = "  -> C0000215:0000      Route   1      0          0         \n"
	route6    = "  -> [2001:0db8:0000:0000:0000:0000:0000:0021]:0000      Route   1      0          0         \n"
	tunnel4   = "  -> C0000215:0000      Tunnel  1      0          0         \n"
	tunnel6   = "  -> [2001:0db8:0000:0000:0000:0000:0000:0021]:0000      Tunnel  1      0          0         \n"
)

// textProc is IPVS for a process without rights: /proc/net/ip_vs.
type textProc struct {
	Proc
	text string
}

func (p textProc) Table() (ipvs.Table, ipvs.Info, error) {
	return ipvs.ParseTable(strings.NewReader(procHead + p.text))
}

// TestMarksOfNobody has what /proc/net/ip_vs shows of firewall marks, what keepalived.conf has, and the families that follow.
func TestMarksOfNobody(t *testing.T) {
	for _, tt := range []struct{ name, table, conf, want string }{
		{"real servers", procMark + route4, "", "ipv4"},
		{"real servers of IPv6", procMark + route6, "", "ipv6"},
		{"real servers before the configuration", procMark + route4, marked6, "ipv4"},
		{"no real server", procMark, marked6, "ipv6"},
		{"no real server, and no configuration", procMark, "", ""},
		{"no real server, and both families are configured", procMark, marked4 + marked6, ""},
		{"no real server, of two", procMark + route6 + procMark2, marked4 + marked6, "ipv4 ipv6"},
		{"no real server, of two, and no configuration", procMark + procMark2 + route4, "", "ipv4 ipv6"},
		{"tunnels", procMark + tunnel4, marked4, "ipv4"},
		{"tunnels to the other family", procMark + tunnel6, marked4, "ipv4"},
		{"tunnels, and no configuration", procMark + tunnel6, "", "ipv6"},
		{"tunnels to both families, and no configuration", procMark + tunnel4 + tunnel6, "", ""},
		{"tunnels to both families", procMark + tunnel4 + tunnel6, marked6, "ipv6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &MarkedProc{Proc: textProc{text: tt.table}, Configuration: func() (*keepalived.Config, error) {
				if tt.conf == "" {
					return nil, os.ErrNotExist
				}
				return keepalived.Load("k", keepalived.Options{FS: fstest.MapFS{"k": {Data: []byte(tt.conf)}}})
			}, Now: time.Now}
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
