package fallback

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

func TestAnnounce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lvs.fifo")
	text := `global_defs {
	lvs_notify_fifo PATH
}
virtual_server_group G {
	192.0.2.7 53
}
virtual_server group G {
	protocol UDP
	lb_kind DR
	real_server 10.0.0.9 53 {
	}
}
virtual_server group G {
	protocol TCP
	lb_kind DR
	real_server 10.0.0.9 53 {
	}
}
virtual_server 2001:db8::53 53 {
	protocol UDP
	lb_kind DR
	real_server 2001:db8::1 53 {
	}
}
virtual_server fwmark 7 {
	protocol TCP
	lb_kind DR
	real_server 10.0.0.1 53 {
	}
}
`
	c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(strings.ReplaceAll(text, "PATH", path))}}, ConfigID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	event := func(kind health.EventKind, v, r int) health.Event {
		e := health.Event{Kind: kind, Virtual: &c.VirtualServers[v]}
		if r >= 0 {
			e.Server = &e.Virtual.RealServers[r]
		}
		return e
	}
	all := []health.Event{event(health.QuorumDown, 1, -1), event(health.ServerUp, 2, 0), event(health.QuorumUp, 2, -1), event(health.ServerDown, 3, 0)}

	// It is not there, then nobody reads it: neither holds anything up.
	if err := announce(c, all[0]); err == nil || !strings.Contains(err.Error(), "/k.conf:2") {
		t.Errorf("without a FIFO: %v", err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := announce(c, all[0]); err != nil {
		t.Errorf("without a reader: %v", err)
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for _, e := range all {
		if err := announce(c, e); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 4096)
	n, err := reader.Read(b)
	const want = "VS [G]:1 DOWN\nRS [2001:db8::1]:udp:53 [2001:db8::53]:udp:53 UP\nVS [2001:db8::53]:udp:53 UP\nRS [10.0.0.1]:none:0 FWM 7 DOWN\n"
	if err != nil || string(b[:n]) != want {
		t.Errorf("%q, %v; want %q", b[:n], err, want)
	}
	// A full one loses the line, as keepalived's.
	for range 2000 {
		err = announce(c, all[1])
	}
	if err == nil {
		t.Error("a full FIFO takes everything")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := announce(c, all[0]); err == nil || !strings.Contains(err.Error(), "is no FIFO") {
		t.Errorf("a file: %v", err)
	}
}
