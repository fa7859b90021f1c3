package hook

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/notify"
)

// TestToldOfMarks: keepalived's word that a real server is down counts for marks too.
func TestToldOfMarks(t *testing.T) {
	const text = "virtual_server fwmark 7 {\n\tlb_algo rr\n\tlb_kind TUN\n\treal_server 192.0.2.21 0 {\n\t}\n}\n"
	cfg, err := keepalived.Load("k", keepalived.Options{FS: fstest.MapFS{"k": {Data: []byte(text)}}})
	if err != nil {
		t.Fatal(err)
	}
	d := &notify.Document{Generation: 1}
	d.Serve(notify.ServerEvent{Server: notify.Server{Virtual: notify.Virtual{Mark: 7}, Real: netip.MustParseAddrPort("192.0.2.21:0")}}, notify.FIFO, time.Unix(5, 0))
	got := fmt.Sprint(Told(d, servers.KnownMarks(cfg, nil)))
	if !strings.Contains(got, "fwm 7") || !strings.Contains(got, "192.0.2.21:0") {
		t.Error(got)
	}
	if got := Told(d, servers.Marks{}); len(got) != 1 || got[0].Service.Family != ipvs.IPv4 {
		t.Error(got)
	}
}
