package keepalived_test

import "testing"

func TestStateDump(t *testing.T) {
	for _, tt := range []struct{ global, want string }{
		{"", "/tmp/keepalived_check.data"},
		{"tmp_config_directory /run/ka", "/tmp/keepalived_check.data"}, // for copies of the configuration only
		{"state_dump_file /run/ka/", "/run/ka/keepalived_check.data"},
		{"state_dump_file /run/ka/state.txt", "/run/ka/state_check.txt"},
		{"state_dump_file /state", "/state_check"},
		{"state_dump_file state.old.txt", "/tmp/state.old_check.txt"},
		{"state_dump_file sub/state.txt", "/tmp/state_check.txt"},
		{"data_use_instance", "/tmp/keepalived_check.data"},
	} {
		if got := load(t, "global_defs {\n"+tt.global+"\n}\n").Global.StateDump(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.global, got, tt.want)
		}
	}
	for text, want := range map[string]string{
		"instance a\n":                  "/tmp/keepalived_check.a.data",
		"net_namespace n\n":             "/tmp/keepalived_check.n.data",
		"instance a\nnet_namespace n\n": "/tmp/keepalived_check.n_a.data",
		"net_namespace_ipvs n\n":        "/tmp/keepalived_check.data",
	} {
		if got := load(t, text+"global_defs {\ndata_use_instance\n}\n").Global.StateDump(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestIPVSNamespace(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "net_namespace n\n": "/run/netns/n", "net_namespace_ipvs i\n": "/run/netns/i",
		"net_namespace n\nnet_namespace_ipvs i\n": "/run/netns/i", "net_namespace n\nnet_namespace_ipvs\n": "/proc/1/ns/net",
	} {
		if got := load(t, text).Global.IPVSNamespace(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestPIDFiles(t *testing.T) {
	for text, want := range map[string][2]string{
		"":                       {"/run/keepalived.pid", "/run/checkers.pid"},
		"use_pid_dir\n":          {"/run/keepalived/keepalived.pid", "/run/keepalived/checkers.pid"},
		"net_namespace n\n":      {"/run/keepalived/n/keepalived.pid", "/run/keepalived/n/checkers.pid"},
		"instance a\n":           {"/run/keepalived/keepalived_a.pid", "/run/keepalived/checkers_a.pid"},
		"net_namespace_ipvs n\n": {"/run/keepalived.pid", "/run/checkers.pid"},

		"instance a\nnet_namespace n\n": {"/run/keepalived/n/keepalived_a.pid", "/run/keepalived/n/checkers_a.pid"},
	} {
		g := load(t, text).Global
		if got := [2]string{g.PIDFile(), g.CheckersPIDFile()}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
