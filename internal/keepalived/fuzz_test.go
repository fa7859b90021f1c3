package keepalived_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// seeds are the texts that the other tests use.
func seeds(f *testing.F, patterns ...string) {
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			f.Fatalf("no seeds %s: %v", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
}

// FuzzLoad reads any text, which may include itself: whatever it is, the
// result has a place for every note and a table.
func FuzzLoad(f *testing.F) {
	seeds(f, "testdata/parity/*.conf", "testdata/parity/include/*.conf")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := keepalived.Load("/a.conf", keepalived.Options{
			FS:       fstest.MapFS{"a.conf": {Data: []byte(text)}, "b.conf": {Data: []byte("real_server 10.0.0.1 53 {\n}\n")}},
			ConfigID: "lab",
			Version:  "2.2.7",
			MaxLines: 2000,
		})
		if err != nil {
			if !strings.Contains(err.Error(), "limit of this reader") {
				t.Fatal(err)
			}
			return
		}
		for _, n := range cfg.Notes {
			if n.Kind == 0 || n.Text == "" {
				t.Errorf("an empty note: %+v", n)
			}
			if n.Kind != keepalived.Unresolved && n.Pos.Line == 0 {
				t.Errorf("a note without a place: %v", n)
			}
		}
		for _, v := range cfg.VirtualServers {
			if len(v.RealServers) == 0 || v.Scheduler.V == "" || v.Family == "" && v.Group == "" {
				t.Errorf("a virtual server that keepalived would not run: %+v", v)
			}
			for _, r := range v.RealServers {
				if r.Forward.V.Method == "" || r.Weight.V < 0 || !r.Addr.IsValid() {
					t.Errorf("a real server that keepalived would not run: %+v", r)
				}
			}
		}
		all, waiting := cfg.Desired(nil), cfg.Desired(keepalived.AtStart)
		if len(all) != len(waiting) {
			t.Errorf("%d services, and %d when real servers wait", len(all), len(waiting))
		}
	})
}

// FuzzWords puts any words on the lines that have the most to say.
func FuzzWords(f *testing.F) {
	for _, s := range []string{
		"192.0.2.1-9 53", "fwmark 3 inet6", "TUN type gue port 80 csum", "~SEQ(i, 1, 9) $i", `"/x \x41 'b'"`, "5.25",
		"\\",
	} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		text := "virtual_server_group G {\n" + a + "\n" + b + "\n}\nvirtual_server group G {\nlvs_method " + a +
			"\nreal_server " + b + " {\nlvs_method " + b + "\nnotify_up " + a + "\nMISC_CHECK {\nmisc_path " + b +
			"\n}\nUDP_CHECK {\npayload " + a + "\nrequire_reply " + b + "\nconnect_timeout " + a + "\n}\n}\n}\n" +
			"global_defs {\nlvs_sync_daemon " + a + "\nlvs_timeouts " + b + "\ninclude_check " + a + "\n}\n" +
			"vrrp_instance V {\nvirtual_ipaddress {\n" + a + "\n}\nnotify " + b + "\n}\n"
		cfg, err := keepalived.Load("/a.conf", keepalived.Options{FS: fstest.MapFS{"a.conf": {Data: []byte(text)}}, MaxLines: 2000})
		if err != nil {
			if !strings.Contains(err.Error(), "limit of this reader") {
				t.Fatal(err)
			}
			return
		}
		cfg.Desired(nil)
	})
}

// FuzzParseBelief reads any text as a dump: what is not there is noted.
func FuzzParseBelief(f *testing.F) {
	seeds(f, "testdata/dump/*.txt")
	f.Add(dump)
	f.Fuzz(func(t *testing.T, text string) {
		b := keepalived.ParseBelief(text)
		if len(b.VirtualServers) == 0 && len(b.Notes) == 0 {
			t.Error("nothing found, and no note of it")
		}
		for _, n := range b.Notes {
			if n.Text == "" {
				t.Errorf("an empty note: %+v", n)
			}
		}
	})
}
