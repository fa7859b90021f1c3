package keepalived_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// load reads a text as /etc/keepalived/keepalived.conf, with other files beside it.
func load(t *testing.T, text string, others ...string) *keepalived.Config {
	t.Helper()
	cfg, err := keepalived.Load("/etc/keepalived/keepalived.conf", options(text, others...))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// options hold a text and pairs of names and texts.
func options(text string, others ...string) keepalived.Options {
	files := fstest.MapFS{"etc/keepalived/keepalived.conf": {Data: []byte(text)}}
	for i := 0; i+1 < len(others); i += 2 {
		files["etc/keepalived/"+others[i]] = &fstest.MapFile{Data: []byte(others[i+1])}
	}
	return keepalived.Options{FS: files, ConfigID: "host"}
}

// has reports whether some note is of this kind, at this place, with this text in it.
func has(cfg *keepalived.Config, kind keepalived.NoteKind, place, text string) bool {
	return slices.ContainsFunc(cfg.Notes, func(n keepalived.Note) bool {
		return n.Kind == kind && strings.HasSuffix(n.Pos.String(), place) && strings.Contains(n.String(), text)
	})
}

func TestLoadErrors(t *testing.T) {
	files := fstest.MapFS{
		"etc/dir/x.conf": {},
		"etc/run.conf":   {Mode: 0o755},
	}
	for _, tt := range []struct{ name, want string }{
		{"/etc/none.conf", "read keepalived's configuration: open /etc/none.conf: file does not exist"},
		{"none.conf", "read keepalived's configuration: open none.conf: file does not exist"},
		{"/etc/dir", "read keepalived's configuration: /etc/dir is not a regular file"},
		{
			"/etc/run.conf",
			"read keepalived's configuration: /etc/run.conf is executable, and keepalived skips such files: chmod a-x /etc/run.conf",
		},
	} {
		_, err := keepalived.Load(tt.name, keepalived.Options{FS: files, Dir: "etc"})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	if _, err := keepalived.Load("/etc/none.conf", keepalived.Options{FS: files}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	if cfg, err := keepalived.Load("/etc/*/x.conf", keepalived.Options{FS: files}); err != nil ||
		!slices.Equal(cfg.Files, []string{"/etc/dir/x.conf"}) {
		t.Errorf("a pattern: %v", err)
	}
}

// TestPositions asks where each value comes from: its own line, the line of an
// outer block, a line of another file, or nowhere.
func TestPositions(t *testing.T) {
	cfg := load(t, `$W=weight 4
virtual_server 192.0.2.1 53 {
	protocol UDP
	delay_loop 7
	retry 2
	include pool.conf
	real_server 10.0.0.2 53 {
		$W
		TCP_CHECK {
			retry 5
			connect_port 99
		}
	}
}
global_defs {
	lvs_flush
}
`, "pool.conf", "real_server 10.0.0.1 53 {\n\tinhibit_on_failure\n\tDNS_CHECK {\n\t}\n}\n")
	v := cfg.VirtualServers[0]
	first, second := v.RealServers[0], v.RealServers[1]
	dns, tcp := first.Checkers[0], second.Checkers[0]
	for _, tt := range []struct {
		what string
		got  keepalived.Pos
		want string
	}{
		{"virtual server", v.Pos, "keepalived.conf:2"},
		{"protocol", v.Protocol.Pos, "keepalived.conf:3"},
		{"scheduler", v.Scheduler.Pos, "default"},
		{"real server of the other file", first.Pos, "pool.conf:1"},
		{"inhibit of the other file", first.Inhibit.Pos, "pool.conf:2"},
		{"inherited alpha", first.Alpha.Pos, "default"},
		{"checker of the other file", dns.Pos, "pool.conf:3"},
		{"its delay loop", dns.DelayLoop.Pos, "keepalived.conf:4"},
		{"its warmup", dns.Warmup.Pos, "default"},
		{"its retry", dns.Retry.Pos, "keepalived.conf:5"},
		{"weight from a definition", second.Weight.Pos, "keepalived.conf:8"},
		{"retry of its own", tcp.Retry.Pos, "keepalived.conf:10"},
		{"connect port", tcp.Connect.Port.Pos, "keepalived.conf:11"},
		{"connect address", tcp.Connect.Addr.Pos, "default"},
		{"flush", cfg.Global.Flush.Pos, "keepalived.conf:16"},
	} {
		if got := strings.TrimPrefix(tt.got.String(), "/etc/keepalived/"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
		}
	}
	if dns.Warmup.V != dns.DelayLoop.V || tcp.Retry.V != 5 || dns.Retry.V != 2 || second.Weight.V != 4 {
		t.Errorf(
			"values: warmup %v of %v, retries %d and %d, weight %d", dns.Warmup.V, dns.DelayLoop.V, tcp.Retry.V,
			dns.Retry.V, second.Weight.V,
		)
	}
	if want := []string{"/etc/keepalived/keepalived.conf", "/etc/keepalived/pool.conf"}; !slices.Equal(cfg.Files, want) {
		t.Errorf("files %v, want %v", cfg.Files, want)
	}
}

func TestScripts(t *testing.T) {
	for _, tt := range []struct {
		name, version, line string
		argv, dropped       []string
		user, group         string
		note                keepalived.NoteKind // 0: none
	}{
		{name: "quoted", line: `misc_path "/x -a 'b c'"`, argv: []string{"/x", "-a", "b c"}},
		{name: "bare", line: `misc_path /x`, argv: []string{"/x"}},
		{name: "unquoted arguments", line: `misc_path /x -a b`, argv: []string{"/x"}, dropped: []string{"-a", "b"}, note: keepalived.Trap},
		{name: "escapes of 2.2", version: "2.2.7", line: `misc_path "/x \"a b\" \\x41"`, argv: []string{"/x", "a b", "A"}},
		{name: "escapes of 2.3", version: "2.3.3", line: `misc_path "/x \"a b\" \x41"`, argv: []string{"/x", `"a`, `b"`, "A"}},
		{name: "nothing", line: `misc_path`, note: keepalived.Ignored},
		{name: "user", line: `notify_up "/x a" admin`, argv: []string{"/x", "a"}, user: "admin"},
		{name: "user and group", line: `notify_down "/x a" admin staff`, argv: []string{"/x", "a"}, user: "admin", group: "staff"},
		{name: "argument for a user", line: `notify_up /x -a`, argv: []string{"/x"}, user: "-a", note: keepalived.Trap},
		{
			name: "three words too many", line: `notify_up /x up down now`, argv: []string{"/x"}, user: "up",
			group: "down", dropped: []string{"now"}, note: keepalived.Trap,
		},
		{name: "open quote of a notify script", line: `notify_up "/x`, note: keepalived.Ignored},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check := tt.line
			if strings.HasPrefix(tt.line, "misc_path") {
				check = "MISC_CHECK {\n" + tt.line + "\n}"
			}
			o := options("virtual_server 192.0.2.1 53 {\nprotocol UDP\nlb_algo rr\nlb_kind DR\nreal_server 10.0.0.1 53 {\n" + check + "\n}\n}\n")
			o.Version = tt.version
			cfg, err := keepalived.Load("/etc/keepalived/keepalived.conf", o)
			if err != nil {
				t.Fatal(err)
			}
			r := cfg.VirtualServers[0].RealServers[0]
			s := r.NotifyUp
			if strings.HasPrefix(tt.line, "notify_down") {
				s = r.NotifyDown
			}
			if len(r.Checkers) > 0 {
				s = r.Checkers[0].Misc.Path
			}
			if !slices.Equal(s.Argv, tt.argv) || !slices.Equal(s.Dropped, tt.dropped) || s.User != tt.user || s.Group != tt.group {
				t.Errorf("%+v", s)
			}
			var kinds []string
			for _, n := range cfg.Notes {
				if n.Kind != keepalived.Ignored || tt.note == keepalived.Ignored {
					kinds = append(kinds, n.Kind.String())
				}
			}
			if want := tt.note != 0; want != slices.Contains(kinds, tt.note.String()) || !want && len(kinds) > 0 {
				t.Errorf("notes %v, want %v: %v", kinds, tt.note, cfg.Notes)
			}
		})
	}
}

// TestSides has mistakes in the blocks of one process and looks at the blocks
// of the other.
func TestSides(t *testing.T) {
	cfg := load(t, `vrrp_instance A {
	interface eth0
	oops { x }
	virtual_ipaddress { 192.0.2.9 }
}
virtual_server 192.0.2.1 53 {
	protocol UDP
	lb_algo rr
	lb_kind DR
	real_server 10.0.0.1 53 { }
	oops { x }
	real_server 10.0.0.2 53 { }
}
vrrp_instance B {
	interface eth1
}
`)
	if n := len(cfg.VirtualServers[0].RealServers); n != 1 {
		t.Errorf("%d real servers, want 1: the brace of the unknown block ends the virtual server", n)
	}
	if len(cfg.Instances) != 2 || cfg.Instances[1].Interface.V != "eth1" || len(cfg.Instances[0].VIPs) != 0 {
		t.Errorf("instances %+v", cfg.Instances)
	}
	for _, n := range cfg.Notes {
		if want := n.Block == "" || strings.HasPrefix(n.Block, "virtual_server"); n.TouchesLVS() != want {
			t.Errorf("%v touches virtual servers: %t", n, n.TouchesLVS())
		}
	}
	if !has(cfg, keepalived.Unknown, ":3", `"oops"`) || !has(cfg, keepalived.Unknown, ":11", `"oops"`) ||
		!has(cfg, keepalived.Unknown, ":12", `"real_server"`) {
		t.Errorf("notes: %v", cfg.Notes)
	}
}

// TestVersions has words that only newer versions know.
func TestVersions(t *testing.T) {
	text := "global_defs {\n\tuse_symlink_paths\n}\nvirtual_server 192.0.2.1 80 {\n" + strings.Repeat("x", 1100) +
		"\nreal_server 10.0.0.1 80 {\nSSL_GET {\ntls_compliant\nurl {\npath /\n}\n}\nvirtualhost ${_ENV NAME}x\n}\n}\n"
	for _, tt := range []struct {
		version string
		want    []string
	}{
		{"2.2.7", []string{"use_symlink_paths", "tls_compliant", "_ENV", "x"}},
		{"2.3.3", []string{"_ENV", "x"}},
		{"2.4.0", []string{"x"}},
		{"", []string{"x"}},
	} {
		o := options(text)
		o.Version = tt.version
		cfg, err := keepalived.Load("/etc/keepalived/keepalived.conf", o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range cfg.Notes {
			if n.Kind != keepalived.Unknown {
				continue
			}
			for _, word := range []string{"use_symlink_paths", "tls_compliant", "_ENV", "x"} {
				if strings.Contains(n.Text, `"`+word) && !slices.Contains(got, word) {
					got = append(got, word)
				}
			}
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(got, tt.want) {
			t.Errorf("keepalived %q does not know %v, want %v\n%v", tt.version, got, tt.want, cfg.Notes)
		}
	}
}

func TestNoVersion(t *testing.T) {
	o := options("")
	o.Version = "new"
	if _, err := keepalived.Load("/etc/keepalived/keepalived.conf", o); err == nil ||
		err.Error() != `read keepalived's configuration: its version is "new"; want one such as 2.2.7` {
		t.Error(err)
	}
}

// TestLimits has texts that ask for more than the reader is allowed: reading ends, with one line, and half a configuration is none.
func TestLimits(t *testing.T) {
	server := "virtual_server 192.0.2.1 53 {\nprotocol UDP\nlb_algo rr\nlb_kind DR\n%s\n}\n"
	comments := strings.Repeat("# x\n", 250)
	for _, tt := range []struct {
		name, text string
		set        func(*keepalived.Options)
		want       string
	}{
		{"a long sequence", fmt.Sprintf(server, "~SEQ(i, 1, 99) weight 1"), nil, "more lines than 60, the limit of this reader"},
		{"sequences within sequences", fmt.Sprintf(server, "~SEQ(i, 9) ~SEQ(j, 9) weight 1"), nil, "more lines than 60"},
		{
			"a limit within a block of VRRP",
			"vrrp_instance V {\n~SEQ(i, 1, 99) priority 9\n}\n" + fmt.Sprintf(server, ""), nil, "more lines than 60",
		},
		{"lines", comments, nil, "/etc/keepalived/keepalived.conf:60: more lines than 60"},
		{
			"a long file", comments + "\n", func(o *keepalived.Options) { o.MaxBytes = 1000 },
			"/etc/keepalived/keepalived.conf is longer than 1000 bytes, the limit of this reader",
		},
		{
			"long files", "include a.conf\ninclude b.conf\n",
			func(o *keepalived.Options) { o.MaxBytes, o.MaxLines = 2000, 1000 },
			"keepalived.conf:2: with /etc/keepalived/b.conf the files are longer than the limit of this reader",
		},
		{
			"one file often", strings.Repeat("include a.conf\n", 9),
			func(o *keepalived.Options) { o.MaxBytes, o.MaxLines = 6000, 10_000 },
			"a.conf:213: more text than 6000 bytes",
		},
		{
			"a text that is put in often", "$A=" + strings.Repeat("x", 500) + "\n~SEQ(i, 20) $A\n",
			func(o *keepalived.Options) { o.MaxBytes = 8000 }, "more text than 8000 bytes",
		},
		{
			"nothing that is put in often", "$A=\n" + strings.Repeat(strings.Repeat("${A}", 100)+"\n", 10),
			func(o *keepalived.Options) { o.MaxBytes = 30_000 }, "more text than 30000 bytes",
		},
		{
			"files", "include *.conf\n", func(o *keepalived.Options) { o.MaxNames = 4 },
			"keepalived.conf:1: includes look at more names of files than the limit of this reader",
		},
		{"names that are none", "include {a,b}{a,b}{a,b}\n", func(o *keepalived.Options) { o.MaxNames = 6 }, "more names of files"},
		{"directories", "include /*/*/none\n", func(o *keepalived.Options) { o.MaxNames = 4 }, "more names of files"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options(tt.text, "a.conf", comments, "b.conf", comments)
			o.MaxLines = 60
			if tt.set != nil {
				tt.set(&o)
			}
			cfg, err := keepalived.Load("/etc/keepalived/keepalived.conf", o)
			if err == nil || cfg != nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
	cfg := load(t, "$A=x${A}x\n$A\n")
	if !has(cfg, keepalived.Trap, "", "exceeds") {
		t.Errorf("a definition that grows: %v", cfg.Notes)
	}
}

// TestAtLimits reads as much as is allowed.
func TestAtLimits(t *testing.T) {
	a := strings.Repeat("# x\n", 250)
	text := "include a.conf\n"
	o := options(text, "a.conf", a)
	o.MaxBytes, o.MaxLines, o.MaxNames = len(text)+len(a), 1+1+250, 4
	if _, err := keepalived.Load("/etc/keepalived/keepalived.conf", o); err != nil {
		t.Error(err)
	}
	for _, less := range []func(*keepalived.Options){
		func(o *keepalived.Options) { o.MaxBytes-- },
		func(o *keepalived.Options) { o.MaxLines-- },
		func(o *keepalived.Options) { o.MaxNames-- },
	} {
		o := o
		less(&o)
		if _, err := keepalived.Load("/etc/keepalived/keepalived.conf", o); err == nil {
			t.Errorf("read with %d bytes, %d lines, %d names", o.MaxBytes, o.MaxLines, o.MaxNames)
		}
	}
}

// BenchmarkLoad reads a large farm: 1,000 virtual servers with 10 real servers.
func BenchmarkLoad(b *testing.B) {
	var text strings.Builder
	for v := range 1000 {
		fmt.Fprintf(&text, "virtual_server 10.%d.%d.1 53 {\n\tprotocol UDP\n\tlb_algo wrr\n\tlb_kind DR\n", v/256, v%256)
		for r := range 10 {
			fmt.Fprintf(
				&text,
				"\treal_server 192.0.2.%d 53 {\n\t\tweight 10\n\t\tMISC_CHECK {\n\t\t\tmisc_path \"/usr/bin/lvsdns-check 192.0.2.%[1]d --timeout 1s\"\n\t\t\tmisc_timeout 3\n\t\t}\n\t}\n",
				r,
			)
		}
		text.WriteString("}\n")
	}
	o := options(text.String())
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		cfg, err := keepalived.Load("/etc/keepalived/keepalived.conf", o)
		if err != nil || len(cfg.VirtualServers) != 1000 || len(cfg.Notes) > 0 {
			b.Fatalf("%v, %d virtual servers, %d notes", err, len(cfg.VirtualServers), len(cfg.Notes))
		}
	}
}
