package config

import (
	"flag"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what the goldens should be")

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what it should be; run with -update and look at the difference\n%s", name, got)
	}
}

// TestBad has one mistake in each file, and the exact message for each in one golden that reads like a manual.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	var all strings.Builder
	for _, file := range files {
		_, err := LoadExporter(file, true, nil)
		if err == nil {
			t.Errorf("%s: accepted", file)
			continue
		}
		message := err.Error()
		if strings.Contains(message, "\n") {
			t.Errorf("%s: more than one line: %s", file, message)
		}
		if !strings.HasPrefix(message, file+": ") {
			t.Errorf("%s: the message does not begin with the file: %s", file, message)
		}
		all.WriteString(strings.TrimPrefix(message, "testdata/bad/") + "\n")
	}
	golden(t, "testdata/bad.golden", all.String())
}

func TestSeveralMistakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.yaml")
	os.WriteFile(file, []byte("metrics: {detail: all, per-cpu: 1}\nchecks: {maximum: 2}\n"), 0o644)
	_, err := LoadExporter(file, true, nil)
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("want three lines, have: %v", err)
	}
}

func TestReference(t *testing.T) {
	golden(t, "../../packaging/exporter.yaml", ExporterReference())
	golden(t, "../../packaging/fallback.yaml", FallbackReference())
	got, err := LoadExporter("../../packaging/exporter.yaml", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := NewExporter()
	want.DNS.Capture = Auto // by the rights of the packaged unit
	// An empty list and none are the same here.
	got.Metrics.Allow, got.Metrics.Deny = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the reference says\n%+v, and the defaults are\n%+v", got, want)
	}
}

func TestNoFile(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "exporter.yaml")
	got, err := LoadExporter(missing, false, nil)
	if err != nil || !reflect.DeepEqual(got, NewExporter()) {
		t.Errorf("without a file: %+v, %v", got, err)
	}
	if _, err := LoadExporter(missing, true, nil); err == nil {
		t.Error("a file that was asked for may be missing")
	}
}

func TestEmptyFile(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "comment": "# nothing\n", "null": "---\n", "empty sections": "metrics:\nchecks:\n  socket:\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.yaml")
			os.WriteFile(file, []byte(content), 0o644)
			got, err := LoadExporter(file, true, nil)
			if err != nil || !reflect.DeepEqual(got, NewExporter()) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestFull(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.yaml")
	os.WriteFile(file, []byte(`
web:
  listen-address: 127.0.0.1:9741
  hosts: [lvs.example.net]
  config:
    file: /etc/lvsdns/web.yaml
  systemd-socket: true
log: {level: debug, format: json}
metrics:
  detail: service
  allow: ["192.0.2.0/24", "2001:db8::*", "fwm:7"]
  deny: ["192.0.2.1"]
  max-series: 0
  per-cpu: true
sources: {root: /host, timeout: 500ms, share: 0s}
keepalived: {config-file: /a, config-id: lb1, version: 2.3.3, signal: true, signal-interval: 5m, pid-file: /b, dump-file: /c}
checks: {socket: "", users: [nagios, 997], max: 10, forget: 2h}
conntrack: {passes: false, interval: 30s, max-entries: 100000, wanted-udp-timeout: 10s, wanted-udp-stream-timeout: 30s}
connections: {interval: 0s, max-time: 500ms, max-entries: 1000}
dns: {capture: auto,
role: realserver, interfaces: [eth0], ports: [53, 5353], services: ["192.0.2.1:53"],
ring-size: 8, nftables: true, dnstap: "127.0.0.1:6000",
top: true, top-zones: name, top-clients: network}
`), 0o644)
	got, err := LoadExporter(file, true, Flags{
		"metrics.max-series": {"5", "7"}, "web.listen-address": {":1, :2", ":3"}, "keepalived.signal": {"false"},
	})
	if err != nil {
		t.Fatal(err)
	}
	pattern := func(s string) Pattern {
		p, err := ParsePattern(s)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	want := &Exporter{
		Web: Web{[]string{":1", ":2", ":3"}, []string{"lvs.example.net"}, "/etc/lvsdns/web.yaml", true},
		Log: Log{slog.LevelDebug, "json"},
		Metrics: Metrics{
			Detail: "service", Allow: []Pattern{pattern("192.0.2.0/24"), pattern("2001:db8::*"), pattern("fwm:7")},
			Deny: []Pattern{pattern("192.0.2.1")}, MaxSeries: 7, PerCPU: true,
		},
		Sources:     Sources{"/host", 500 * time.Millisecond, 0},
		Keepalived:  Keepalived{"/a", "lb1", "2.3.3", false, 5 * time.Minute, "/b", "/c"},
		Checks:      Checks{"", []string{"nagios", "997"}, 10, 2 * time.Hour},
		Conntrack:   Conntrack{false, 30 * time.Second, 100_000, 10 * time.Second, 30 * time.Second},
		Connections: Connections{0, 500 * time.Millisecond, 1000},
		Notify:      NotifyJournal{"/var/lib/lvsdns"},
		Fallback:    FallbackReport{"/run/lvsdns/fallback-report.json"},
		DNS: DNS{
			"auto", "realserver", []string{"eth0"}, []uint16{53, 5353},
			[]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53")}, 8, true, "127.0.0.1:6000", true, "name",
			"network",
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

func TestShows(t *testing.T) {
	for _, tt := range []struct {
		name        string
		allow, deny []string
		vip         string
		mark        uint32
		want        bool
	}{
		{"nothing written", nil, nil, "192.0.2.1", 0, true},
		{"allowed", []string{"192.0.2.0/24"}, nil, "192.0.2.1", 0, true},
		{"not allowed", []string{"192.0.2.0/24"}, nil, "192.0.3.1", 0, false},
		{"glob", []string{"2001:db8::*"}, nil, "2001:db8::1:53", 0, true},
		{"glob of the other family", []string{"2001:db8::*"}, nil, "192.0.2.1", 0, false},
		{"denied", nil, []string{"192.0.2.1"}, "192.0.2.1", 0, false},
		{"deny has the last word", []string{"192.0.2.0/24"}, []string{"192.0.2.1"}, "192.0.2.1", 0, false},
		{"mark", []string{"fwm:7"}, nil, "", 7, true},
		{"another mark", []string{"fwm:7"}, nil, "", 77, false},
		{"all marks", []string{"fwm:*"}, nil, "", 77, true},
		{"a mark is no address", []string{"*"}, nil, "", 7, false},
		{"an address is no mark", []string{"fwm:*"}, nil, "192.0.2.1", 0, false},
		{"everything but marks", nil, []string{"fwm:*"}, "192.0.2.1", 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parse := func(list []string) (all []Pattern) {
				for _, s := range list {
					p, err := ParsePattern(s)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, p)
				}
				return all
			}
			var vip netip.Addr
			if tt.vip != "" {
				vip = netip.MustParseAddr(tt.vip)
			}
			if got := (Metrics{Allow: parse(tt.allow), Deny: parse(tt.deny)}).Shows(vip, tt.mark); got != tt.want {
				t.Errorf("Shows = %t", got)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string // of the error
	}{
		{[]string{"--metrics.detial=service"}, "--metrics.detial: no such flag; did you mean --metrics.detail?"},
		{[]string{"--web.listen_address", ":1"}, "--web.listen_address: no such flag; did you mean --web.listen-address?"},
		{[]string{"--colour"}, "--colour: no such flag; --help lists them"},
		{[]string{"--config"}, "--config: needs a value"},
		{[]string{"--config="}, "--config: needs the name of a file"},
		{[]string{"exporter.yaml"}, `"exporter.yaml" is no flag: flags begin with --`},
		{[]string{"--sources.share", "2"}, `--sources.share: want a duration with its unit, such as 500ms, 2s or 1m, not "2"`},
		{[]string{"--metrics.per-cpu=maybe"}, `--metrics.per-cpu: want true or false, not "maybe"`},
		{[]string{"--metrics.max-series", "many"}, `--metrics.max-series: want a whole number from 0 to 100000000, not "many"`},
		{
			[]string{"--metrics.allow", "192.0.2.1/24"},
			`--metrics.allow: "192.0.2.1/24" is an address within a network; the network is "192.0.2.0/24"`,
		},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			a, err := ExporterArguments(tt.args)
			if err == nil {
				_, err = LoadExporter(filepath.Join(t.TempDir(), "none"), false, a.Flags)
			}
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
	a, err := ExporterArguments([]string{"--config", "/x", "--metrics.per-cpu", "--metrics.deny=192.0.2.1", "--metrics.deny", "fwm:1"})
	want := Flags{"metrics.per-cpu": {"true"}, "metrics.deny": {"192.0.2.1", "fwm:1"}}
	if err != nil || a.File != "/x" || !a.Asked || !reflect.DeepEqual(a.Flags, want) {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestKeys holds that no key is another's section, and that each has a word of explanation.
func TestKeys(t *testing.T) {
	var keys []string
	for _, o := range NewExporter().options() {
		if slices.ContainsFunc(keys, func(k string) bool { return k == o.key || strings.HasPrefix(k, o.key+".") }) {
			t.Errorf("%s: there already", o.key)
		}
		if o.doc == "" {
			t.Errorf("%s: no documentation", o.key)
		}
		keys = append(keys, o.key)
	}
}
