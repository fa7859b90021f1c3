package drift_test

import (
	"flag"
	"fmt"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// spoiling is one way to spoil the healthy director, and what is found then.
type spoiling struct {
	name  string
	spoil func(*scene)
	want  []string
}

// spoilt are all of them.
var spoilt = append(spoiltBlocks, []spoiling{
	{"healthy", func(*scene) {}, nil},
	{"healthy, belief unknown", (*scene).forget, nil},

	// Services.
	{"service missing", func(s *scene) { s.input.Kernel = ipvs.Table{} }, []string{"virtual_server_missing"}},
	{"service missing, belief unknown", func(s *scene) { s.forget(); s.input.Kernel = ipvs.Table{} }, []string{"virtual_server_missing"}},
	{"service went away while the table was read", func(s *scene) { s.service().Gone = true; s.service().Destinations = nil }, nil},
	{"service extra", func(s *scene) {
		e := ipvs.TableEntry{Service: ipvs.Service{ServiceKey: ipvs.At(ipvs.TCP, netip.MustParseAddrPort("192.0.2.1:53"))}}
		s.input.Kernel.Entries = append(s.input.Kernel.Entries, e)
	}, []string{"virtual_server_extra"}},
	{"scheduler", func(s *scene) { s.service().Service.Scheduler = "rr" }, []string{"scheduler"}},
	{"one-packet by hand", func(s *scene) { s.service().Service.Flags |= ipvs.OnePacket }, []string{"flags"}},
	{"scheduler flag missing", func(s *scene) {
		s.edit("lb_algo wrr", "lb_algo sh\nsh-port")
		s.service().Service.Scheduler, s.virtual().Scheduler = "sh", "sh"
	}, []string{"flags"}},
	{"not persistent", func(s *scene) { s.service().Service.Flags &^= ipvs.Persistent }, []string{"persistence"}},
	{"persistence time", func(s *scene) { s.service().Service.Timeout = time.Hour }, []string{"persistence"}},
	{"persistence netmask", func(s *scene) { s.service().Service.Netmask = ipvs.MaskBits(ipvs.IPv4, 24) }, []string{"persistence"}},
	{"persistence engine", func(s *scene) { s.service().Service.PEName = "sip" }, []string{"persistence"}},
	{"what /proc does not tell", func(s *scene) {
		s.input.Limited = true
		s.service().Service.Timeout, s.kernel(first).UpperThreshold = 0, 0
	}, nil},

	// Real servers.
	{"server missing", func(s *scene) { s.remove(first) }, []string{"real_server_missing 21"}},
	{"server out", func(s *scene) { s.remove(first); s.fails(first) }, []string{"real_server_down 21"}},
	{"server out, belief unknown", func(s *scene) { s.remove(first); s.forget() }, []string{"real_server_down 21"}},
	{"server missing, its check passes", func(s *scene) { s.remove(first); s.forget(); s.hears(first, true) }, []string{"real_server_missing 21"}},
	{"server out, its check fails", func(s *scene) { s.remove(first); s.forget(); s.hears(first, false) }, []string{"real_server_down 21"}},
	{"server without a check missing", func(s *scene) {
		s.forget()
		s.conf = strings.NewReplacer("MISC_CHECK {", "", "\t\t}\n\t}", "\t}", "misc_path", "#", "misc_timeout", "#").Replace(s.conf)
		s.remove(first)
	}, []string{"real_server_missing 21", "no_checker 21", "no_checker 22"}},
	{"server extra", func(s *scene) {
		d := *s.kernel(second)
		d.Addr = d.Addr.Next()
		s.service().Destinations = append(s.service().Destinations, d)
	}, []string{"real_server_extra 23"}},
	{"server down but serving", func(s *scene) { s.fails(first) }, []string{"real_server_down_but_serving 21"}},
	{"server down, weight 0", func(s *scene) { s.fails(first); s.kernel(first).Weight = 0 }, nil},
	{"inhibited and down", func(s *scene) {
		s.edit("alpha", "alpha\ninhibit_on_failure")
		s.fails(first)
		s.believed(first).Set, s.believed(first).Inhibit, s.kernel(first).Weight = true, true, 0
	}, []string{"real_server_down 21"}},
	{"inhibited and serving", func(s *scene) {
		s.edit("alpha", "alpha\ninhibit_on_failure")
		s.fails(first)
		s.believed(first).Set, s.believed(first).Inhibit = true, true
	}, []string{"real_server_down_but_serving 21"}},
	{"drained by its dynamic check and serving", func(s *scene) { s.dynamic(0, 0) }, []string{"weight 21"}},
	{"sorry server, inhibited, serves beside them", func(s *scene) {
		s.sorry(true)
		s.edit("198.51.100.99 53", "198.51.100.99 53\nsorry_server_inhibit")
		s.service().Destinations = append(s.service().Destinations, s.sorryDestination())
	}, []string{"real_server_down_but_serving 99"}},
	{"inhibited, belief unknown", func(s *scene) {
		s.edit("alpha", "alpha\ninhibit_on_failure")
		s.forget()
		s.kernel(first).Weight = 0
	}, []string{"real_server_down 21"}},
	{"weight stuck", func(s *scene) { s.kernel(first).Weight = 0 }, []string{"weight_stuck_at_zero 21"}},
	{"weight stuck, its check passes", func(s *scene) {
		s.edit("alpha", "alpha\ninhibit_on_failure")
		s.forget()
		s.hears(first, true)
		s.kernel(first).Weight = 0
	}, []string{"weight_stuck_at_zero 21"}},
	{"weight by hand", func(s *scene) { s.kernel(first).Weight = 11 }, []string{"weight 21"}},
	{"weight by hand, belief unknown", func(s *scene) { s.forget(); s.kernel(first).Weight = 11 }, []string{"weight 21"}},
	{"weight of a dynamic check", func(s *scene) { s.dynamic(50, 50); s.kernel(first).Weight = 50 }, nil},
	{"weight of a dynamic check, belief unknown", func(s *scene) { s.dynamic(50, 50); s.forget(); s.kernel(first).Weight = 50 }, nil},
	{"weight 0 of a dynamic check, its check passes", func(s *scene) {
		s.dynamic(0, 0)
		s.forget()
		s.hears(first, true)
		s.kernel(first).Weight = 0
	}, nil},
	{"weight leaked", func(s *scene) { s.dynamic(40, 80); s.kernel(first).Weight = 80 }, []string{"weight_leaked 21"}},
	{"weight leaked, belief unknown", func(s *scene) { s.dynamic(40, 667); s.forget(); s.kernel(first).Weight = 667 }, []string{"weight_leaked 21"}},
	{"weight below zero is zero", func(s *scene) { s.dynamic(math.MinInt8, math.MinInt8); s.kernel(first).Weight = 0 }, nil},
	{"forwarding", func(s *scene) { s.kernel(first).Forward = ipvs.Masq }, []string{"forwarding 21"}},
	{"a local address is reached locally", func(s *scene) { s.kernel(first).Forward = ipvs.Local }, nil},
	{"tunnel", func(s *scene) {
		s.edit("lb_kind DR", "lb_kind TUN type gue port 6080")
		for i := range 2 {
			s.believed(i).Method = keepalived.TUN
			s.kernel(i).Forward, s.kernel(i).Tunnel = ipvs.Tun, ipvs.Tunnel{Type: ipvs.GUE, Port: 6080}
		}
		s.kernel(second).Tunnel.Port = 6081
	}, []string{"forwarding 22"}},
	{"thresholds", func(s *scene) { s.edit("uthreshold 100", "uthreshold 200"); s.believed(first).UThreshold = 200 }, []string{"thresholds 21"}},

	// The sorry server.
	{"sorry server waits", func(s *scene) { s.sorry(true) }, nil},
	{"sorry server serves", func(s *scene) { s.sorry(false); s.quorumLost() }, []string{"real_server_down 21", "real_server_down 22"}},
	{"sorry server serves, one server passes", func(s *scene) {
		s.sorry(false)
		s.quorumLost()
		s.believed(second).Alive, s.checker(second).Up = true, true
	}, []string{"real_server_down 21", "real_server_down 22"}},
	{"sorry server serves, inhibited", func(s *scene) {
		s.edit("alpha", "alpha\ninhibit_on_failure")
		s.sorry(false)
		for i := range 2 {
			s.believed(i).Inhibit, s.kernel(i).Weight = true, 0
		}
		s.service().Destinations = append(s.service().Destinations, s.sorryDestination())
	}, []string{"real_server_down 21", "real_server_down 22"}},
	{"sorry server missing", func(s *scene) {
		s.sorry(false)
		s.quorumLost()
		s.service().Destinations = nil
	}, []string{"real_server_missing 99", "real_server_down 21", "real_server_down 22"}},
	{"sorry server left behind", func(s *scene) {
		s.sorry(true)
		s.service().Destinations = append(s.service().Destinations, s.sorryDestination())
	}, []string{"real_server_down_but_serving 99"}},

	// Checks.
	{"no check", func(s *scene) {
		s.edit("MISC_CHECK {\n\t\t\tmisc_path \"/usr/bin/lvsdns-check 198.51.100.21\"\n\t\t\tmisc_timeout 5\n\t\t}", "")
		s.drops(first)
	}, []string{"no_checker 21"}},
	{"check dropped", func(s *scene) { s.drops(first) }, []string{"checker_dropped 21"}},
	{"check dropped, alpha", func(s *scene) { s.fails(first); s.drops(first); s.remove(first) }, []string{"checker_dropped 21", "real_server_down 21"}},
	{"script missing", func(s *scene) { s.script(host.ScriptMissing, "/usr/bin/lvsdns-check does not exist") }, []string{"script_missing 21", "script_missing 22"}},
	{"script missing, check dropped", func(s *scene) {
		s.drops(first)
		s.script(host.ScriptMissing, "/usr/bin/lvsdns-check does not exist")
	}, []string{"script_missing 21", "script_missing 22"}},
	{"script missing, belief unknown", func(s *scene) {
		s.forget()
		s.script(host.ScriptMissing, "/usr/bin/lvsdns-check does not exist")
	}, []string{"script_missing 21", "script_missing 22"}},
	{"script not executable", func(s *scene) {
		s.script(host.ScriptNotExecutable, "/usr/bin/lvsdns-check is not executable for user root")
	}, []string{"script_not_executable 21", "script_not_executable 22"}},
	{"script refused", func(s *scene) { s.script(host.ScriptInsecure, "everybody may write /usr (mode 0777)") }, []string{"script_refused 21", "script_refused 22"}},
	{"script insecure", func(s *scene) {
		s.edit("enable_script_security", "")
		s.script(host.ScriptInsecure, "everybody may write /usr (mode 0777)")
	}, []string{"script_insecure 21", "script_insecure 22"}},
	{"no user for the script", func(s *scene) { s.script(host.ScriptUserUnknown, "there is no user nobody2") }, []string{"script_user_unknown 21", "script_user_unknown 22"}},
	{"script that nobody may look at", func(s *scene) { s.script(host.ScriptUnknown, "") }, nil},
	{"arguments dropped", func(s *scene) {
		s.edit(`"/usr/bin/lvsdns-check 198.51.100.21"`, "/usr/bin/lvsdns-check 198.51.100.21")
	}, []string{"arguments_dropped 21"}},
	{"no room", func(s *scene) { s.edit("misc_timeout 5", "misc_timeout 2") }, []string{"timeout_no_room 21"}},
	{"no room in delay_loop", func(s *scene) { s.editAll("misc_timeout 5", ""); s.edit("delay_loop 10", "delay_loop 1") }, []string{"timeout_no_room 21", "timeout_no_room 22"}},
	{"room by a shorter deadline", func(s *scene) {
		s.edit("misc_timeout 5", "misc_timeout 2")
		s.edit("check 198.51.100.21", "check --timeout=1500ms 198.51.100.21")
	}, nil},
	{"unchecked", func(s *scene) { s.checker(first).HasRun = false }, []string{"unchecked 21"}},
	{"not alpha", func(s *scene) { s.edit("alpha", "") }, []string{"not_alpha"}},
	{"silent", func(s *scene) { s.input.Listened = time.Hour; s.hears(first, true) }, []string{"check_silent 22"}},
	{"silent, another flag's address", func(s *scene) {
		s.input.Listened = time.Hour
		s.edit("check 198.51.100.21", "check --source 198.51.100.11 --dnssec 198.51.100.21")
		s.edit("check 198.51.100.22", "check [198.51.100.22]:853 --answer 192.0.2.9")
		s.hears(first, true)
		s.input.Checks = append(s.input.Checks, drift.Check{Server: netip.MustParseAddrPort("198.51.100.22:853"), Passed: true})
	}, nil},
	{"silent, by the port of its transport", func(s *scene) {
		s.input.Listened = time.Hour
		s.editAll("check 198", "check --transport tls 198")
		for _, server := range []string{"198.51.100.21:853", "198.51.100.22:853"} {
			s.input.Checks = append(s.input.Checks, drift.Check{Server: netip.MustParseAddrPort(server), Passed: true})
		}
	}, nil},
	{"absent, belief unknown, its check passes", func(s *scene) { s.forget(); s.hears(first, true); s.remove(first) }, []string{"real_server_missing 21"}},
	{"absent, belief unknown, one of its checks passes", func(s *scene) {
		s.forget()
		s.edit("weight 10", "weight 10\nTCP_CHECK {\n}\n")
		s.hears(first, true)
		s.remove(first)
	}, []string{"real_server_down 21"}},
	{"silent, too early to tell", func(s *scene) { s.input.Listened = 20 * time.Second }, nil},

	// The rest.
	// What the kernel does with clients: see spread_test.go and flows_test.go.
	{"one server for all", func(s *scene) { s.schedules("sed") }, []string{"scheduler_to_one_server"}},
	{"hash to weight 0", func(s *scene) { s.schedules("sh"); s.inhibits() }, []string{"hash_to_weight_zero"}},
	{"persistence and weight 0", func(s *scene) { s.inhibits(); s.input.Flows.KeepsQuiescent = true }, []string{"persistence_to_weight_zero"}},
	{"persistence and weight 0, without the need", func(s *scene) { s.input.Flows.KeepsQuiescent = true }, nil},
	{"flows of removed servers", func(s *scene) { s.input.Flows.KeepsRemoved = true }, []string{"flows_outlive_server"}},

	{"estimator off", func(s *scene) { s.input.Estimator.Sysctls.Off = true }, []string{"estimator_frozen"}},
	{"estimator without a processor", func(s *scene) { s.input.Estimator.Sysctls.NoCPU = true }, []string{"estimator_frozen"}},
	{"estimator stalled", func(s *scene) { s.input.Estimator.Stalled = true }, []string{"estimator_frozen"}},
	{"unknown keyword", func(s *scene) { s.edit("alpha", "alpha\nalphabet") }, []string{"configuration_ignored"}},
	{"adjusted setting", func(s *scene) { s.edit("protocol UDP", "") }, []string{"configuration_adjusted"}},
	{"dump unread", func(s *scene) {
		s.input.Belief.Notes = []keepalived.BeliefNote{{Line: 7, Text: "weight is not a number"}}
	}, []string{"state_dump_unread"}},
	{"edited, not reloaded", func(s *scene) { s.edit("weight 10", "weight 15") }, []string{"not_reloaded 21"}},
	{"added, not reloaded", func(s *scene) {
		s.virtual().RealServers = s.virtual().RealServers[:1]
		s.remove(second)
		s.drops(second)
	}, []string{"not_reloaded 22"}},
	{"removed, not reloaded", func(s *scene) {
		s.conf = s.conf[:strings.Index(s.conf, "\treal_server 198.51.100.22")] + "}\n"
	}, []string{"not_reloaded"}},
	{"virtual server added, not reloaded", func(s *scene) { s.virtual().Name.Port, s.service().Service.Port = 54, 54 }, []string{"not_reloaded", "not_reloaded"}},
	{"method edited, not reloaded", func(s *scene) { s.edit("lb_kind DR", "lb_kind NAT") }, []string{"not_reloaded 21", "not_reloaded 22"}},
	{"persistence edited, not reloaded", func(s *scene) { s.edit("persistence_timeout 60", "persistence_timeout 600") }, []string{"not_reloaded"}},
	{"persistence by hand", func(s *scene) { s.service().Service.Timeout = time.Second }, []string{"persistence"}},
	{"scheduler edited, not reloaded", func(s *scene) { s.edit("lb_algo wrr", "lb_algo rr") }, []string{"not_reloaded"}},
}...)

func TestCompare(t *testing.T) {
	for _, test := range spoilt {
		t.Run(test.name, func(t *testing.T) {
			s := healthy()
			test.spoil(s)
			got, want := names(s.compare(t)), slices.Clone(test.want)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// TestEveryKind: each kind can be provoked, or it is no kind.
func TestEveryKind(t *testing.T) {
	provoked := map[drift.Kind]bool{drift.ConfigFatal: true} // see TestFatal
	for _, test := range spoilt {
		s := healthy()
		test.spoil(s)
		for _, d := range s.compare(t) {
			provoked[d.Kind] = true
		}
	}
	for _, k := range drift.Kinds() {
		if !provoked[k] {
			t.Errorf("no test provokes %s", k)
		}
	}
}

// TestSentences holds every sentence that an operator may read.
func TestSentences(t *testing.T) {
	var b strings.Builder
	for _, test := range spoilt {
		s := healthy()
		test.spoil(s)
		fmt.Fprintf(&b, "# %s\n", test.name)
		for _, d := range s.compare(t) {
			if strings.Contains(d.Sentence(), "\n") || d.Text == "" || d.Mend == "" {
				t.Errorf("%s: not one line with a way to mend it: %q", d.Kind, d.Sentence())
			}
			fmt.Fprintf(&b, "%s %s: %s\n", d.Severity(), d.Kind, d.Sentence())
		}
	}
	golden(t, "testdata/sentences.golden", b.String())
}

var update = flag.Bool("update", false, "write the golden files anew")

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
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if i >= len(gotLines) || i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s, line %d differs (-update writes it anew):\ngot\n%s", name, i+1, strings.Join(gotLines[min(i, len(gotLines)-1):min(i+3, len(gotLines))], "\n"))
		}
	}
}

func TestFatal(t *testing.T) {
	s := healthy()
	s.load(t)
	s.input.Config.Notes = append(s.input.Config.Notes, keepalived.Note{Pos: keepalived.Pos{File: "/etc/keepalived/keepalived.conf", Line: 3}, Kind: keepalived.Fatal, Block: "vrrp_instance dns", Text: "keepalived does not start"})
	if got := names(drift.Compare(s.input)); !slices.Equal(got, []string{"configuration_fatal"}) {
		t.Errorf("got %q", got)
	}
}

func TestOrder(t *testing.T) {
	s := healthy()
	s.edit("alpha", "")
	s.remove(second)
	s.service().Service.Scheduler = "rr"
	s.kernel(first).Weight = 3
	got, want := names(s.compare(t)), []string{"real_server_missing 22", "scheduler", "weight 21", "not_alpha"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLabels(t *testing.T) {
	server := ipvs.To(netip.MustParseAddrPort("[2001:db8::21]:53"))
	for _, test := range []struct {
		name string
		give drift.Difference
		want lvs.Labels
	}{
		{"nothing", drift.Difference{}, lvs.Labels{}},
		{"address", drift.Difference{Service: ipvs.At(ipvs.UDP, netip.MustParseAddrPort("192.0.2.1:53"))},
			lvs.Labels{VIP: "192.0.2.1", VPort: "53", Proto: "udp", Family: "ipv4"}},
		{"mark", drift.Difference{Service: ipvs.Mark(ipvs.IPv6, 7), Server: server},
			lvs.Labels{Proto: "fwm", FWMark: "7", Family: "ipv6", RIP: "2001:db8::21", RPort: "53"}},
	} {
		if got := test.give.Labels(); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestSummary(t *testing.T) {
	found := []drift.Difference{{Kind: drift.NotAlpha}, {Kind: drift.NotAlpha}}
	counts := drift.Summary(found)
	if len(counts) != len(drift.Kinds()) || counts[drift.NotAlpha] != 2 || counts[drift.Weight] != 0 {
		t.Errorf("summary: %v", counts)
	}
	if w := drift.Worst(found); w != drift.Info {
		t.Errorf("worst of two infos: %s", w)
	}
	if w := drift.Worst(append(found, drift.Difference{Kind: drift.ServerMissing}, drift.Difference{Kind: drift.Weight})); w != drift.Critical {
		t.Errorf("worst: %s", w)
	}
}

func TestStalled(t *testing.T) {
	reading := func(shown, passed uint64) drift.Reading {
		return drift.Reading{Shown: ipvs.Stats{InPackets: shown}, PerCPU: []ipvs.CPUStats{{Stats: ipvs.Stats{InPackets: passed - 1}}, {CPU: 1, Stats: ipvs.Stats{InPackets: 1}}}}
	}
	for _, test := range []struct {
		name string
		give [3]drift.Reading
		want bool
	}{
		{"moves", [3]drift.Reading{reading(90, 100), reading(190, 200), reading(290, 300)}, false},
		{"no traffic", [3]drift.Reading{reading(100, 100), reading(100, 100), reading(100, 100)}, false},
		{"the first packets are not counted yet", [3]drift.Reading{reading(100, 100), reading(100, 100), reading(100, 105)}, false},
		{"zeroed", [3]drift.Reading{reading(100, 100), reading(0, 110), reading(7, 117)}, false},
		{"stands still", [3]drift.Reading{reading(90, 100), reading(90, 200), reading(90, 300)}, true},
	} {
		if got := drift.Stalled(test.give[0], test.give[1], test.give[2]); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
