package drift_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// FuzzCompare: whatever the three sides say, there is a verdict, in one line
// each, and the same every time.
func FuzzCompare(f *testing.F) {
	f.Add(conf, "------< LVS Topology >------\n VS = [192.0.2.1]:udp:53\n", "UDP  C0000201:0035 rr  \n  -> C6336415:0035      Route   1      0          0\n", false)
	f.Add("virtual_server fwmark 7 {\nreal_server ::1 {\n}\n}", "", "FWM  00000007 rr\n", true)
	f.Add("virtual_server_group g {\n192.0.2.1-9 53\nfwmark 3\n}\nvirtual_server group g {\nsorry_server 10.0.0.1\nreal_server 10.0.0.2 {\n}\n}", "", "", false)
	f.Fuzz(func(t *testing.T, conf, dump, table string, limited bool) {
		files := fstest.MapFS{"c": &fstest.MapFile{Data: []byte(conf), Mode: 0o644}}
		cfg, err := keepalived.Load("/c", keepalived.Options{FS: files, MaxLines: 1000})
		if err != nil {
			return
		}
		kernel, _, err := ipvs.ParseTable(strings.NewReader("IP Virtual Server version 1.2.1 (size=4096)\nProt\n  ->\n" + table))
		if err != nil {
			return
		}
		in := drift.Input{Config: cfg, Kernel: kernel, Limited: limited}
		if dump != "" {
			b := keepalived.ParseBelief(dump)
			in.Belief = &b
		}
		found, again := drift.Compare(in), drift.Compare(in)
		if len(found) != len(again) {
			t.Fatalf("%d differences, then %d", len(found), len(again))
		}
		for i, d := range found {
			if d != again[i] || d.Text == "" || d.Mend == "" {
				t.Errorf("%+v, then %+v", d, again[i])
			}
		}
	})
}

// BenchmarkCompare is a large director on which all is well: 1,000 virtual
// servers with 10 real servers each.
func BenchmarkCompare(b *testing.B) {
	var text strings.Builder
	var kernel ipvs.Table
	for i := range 1000 {
		vip := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}), 53)
		fmt.Fprintf(&text, "virtual_server %s 53 {\nprotocol UDP\nlb_algo rr\nlb_kind DR\n", vip.Addr())
		e := ipvs.TableEntry{Service: ipvs.Service{ServiceKey: ipvs.At(ipvs.UDP, vip), Scheduler: "rr"}}
		for j := range 10 {
			rip := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(j + 1)}), 53)
			fmt.Fprintf(&text, "real_server %s 53 {\nTCP_CHECK {\nalpha\n}\n}\n", rip.Addr())
			e.Destinations = append(e.Destinations, ipvs.Destination{DestinationKey: ipvs.To(rip), Forward: ipvs.DR, Weight: 1})
		}
		text.WriteString("}\n")
		kernel.Entries = append(kernel.Entries, e)
	}
	files := fstest.MapFS{"c": &fstest.MapFile{Data: []byte(text.String()), Mode: 0o644}}
	cfg, err := keepalived.Load("/c", keepalived.Options{FS: files})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if found := drift.Compare(drift.Input{Config: cfg, Kernel: kernel}); len(found) > 0 {
			b.Fatal(found[0])
		}
	}
}
