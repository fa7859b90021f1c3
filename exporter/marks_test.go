package exporter

import (
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/notify"
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

// configured reads a keepalived.conf; of an empty text there is none.
func configured(t *testing.T, text string) func() (*keepalived.Config, error) {
	t.Helper()
	root := t.TempDir()
	if text != "" {
		if err := os.WriteFile(filepath.Join(root, "k"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return func() (*keepalived.Config, error) {
		return keepalived.Load("k", keepalived.Options{FS: os.DirFS(root)})
	}
}

// nobodysKernel is IPVS for a process without rights: /proc/net/ip_vs.
type nobodysKernel struct {
	*fakeKernel
	text string
}

func (k nobodysKernel) Table() (ipvs.Table, ipvs.Info, error) {
	return ipvs.ParseTable(strings.NewReader(procHead + k.text))
}

// TestMarksJoin: what keepalived says of a firewall mark has the labels of what the kernel has of it, with rights and without.
func TestMarksJoin(t *testing.T) {
	at := time.Unix(1767323000, 0)
	mark := notify.Virtual{Mark: 7}
	for _, tt := range []struct {
		name, table, conf string
		said              []notify.Server
		virtual, real     string // families
	}{
		{"one family", procMark + route4, marked4, []notify.Server{{Virtual: mark}, {Virtual: mark, Real: netip.MustParseAddrPort("192.0.2.21:0")}}, "ipv4", "ipv4"},
		{"no configuration", procMark + route6, "", []notify.Server{{Virtual: mark}, {Virtual: mark, Real: netip.MustParseAddrPort("[2001:db8::21]:0")}}, "ipv6", "ipv6"},
		{"no real server left", procMark, marked6, []notify.Server{{Virtual: mark}, {Virtual: mark, Real: netip.MustParseAddrPort("[2001:db8::21]:0")}}, "ipv6", "ipv6"},
		{"no virtual server either", "", marked6, []notify.Server{{Virtual: mark}}, "ipv6", ""},
		{"tunnel to the other family", procMark + tunnel6, marked4, []notify.Server{{Virtual: mark}, {Virtual: mark, Real: netip.MustParseAddrPort("[2001:db8::21]:0")}}, "ipv4", "ipv4"},
		{
			"both families", procMark + route4 + procMark2 + route6, marked4 + marked6,
			[]notify.Server{{Virtual: mark}, {Virtual: mark, Real: netip.MustParseAddrPort("192.0.2.21:0")}, {Virtual: mark, Real: netip.MustParseAddrPort("[2001:db8::21]:0")}}, "ipv4 ipv6", "ipv4 ipv6",
		},
		{"nobody knows it any more", "", "", []notify.Server{{Virtual: mark}, {Virtual: mark, Real: netip.MustParseAddrPort("192.0.2.21:0")}}, "ipv4", "ipv4"},
		{"nothing is known", "", "", []notify.Server{{Virtual: mark}}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &notify.Document{Generation: 1}
			for _, s := range tt.said {
				d.Serve(notify.ServerEvent{Server: s, Up: true}, notify.FIFO, at)
			}
			kernel := full()
			kernel.err = ipvs.ErrPermission
			change := func(c *Config) {
				c.Kernel, c.Proc, c.Configuration = kernel, nobodysKernel{kernel, tt.table}, configured(t, tt.conf)
				c.Journal = func() (*notify.Document, error) { return d, nil }
			}
			page := newRig(t, change).page(t, "")
			of := func(metric string) string {
				var all []string
				for _, m := range regexp.MustCompile(`(?m)^`+metric+`\{vip="",vport="",proto="fwm",fwmark="7",family="(.*?)"`).FindAllStringSubmatch(page, -1) {
					all = append(all, m[1])
				}
				slices.Sort(all)
				return strings.Join(all, " ")
			}
			if v, s := of("lvsdns_notify_quorum_up"), of("lvsdns_notify_real_server_up"); v != tt.virtual || s != tt.real {
				t.Errorf("keepalived's words have the families %q and %q, want %q and %q", v, s, tt.virtual, tt.real)
			}
			recorder := httptest.NewRecorder()
			newRig(t, change).Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics?collect[]=notify", nil))
			whole := page
			page = recorder.Body.String()
			if v, s := of("lvsdns_notify_quorum_up"), of("lvsdns_notify_real_server_up"); v != tt.virtual || s != tt.real {
				t.Errorf("when nothing else is read: %q and %q, want %q and %q", v, s, tt.virtual, tt.real)
			}
			page = whole
			if v := of("lvsdns_ipvs_virtual_server_info"); tt.table != "" && v != tt.virtual {
				t.Errorf("the kernel's have %q, keepalived's %q: they do not join", v, tt.virtual)
			}
		})
	}
}
