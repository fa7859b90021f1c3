package keepalived_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// oneServer reads a virtual server of one real server.
func oneServer(t *testing.T, global, vs, rs string) keepalived.VirtualServer {
	t.Helper()
	cfg := load(
		t, "global_defs {\n"+global+"\n}\nbfd_instance B {\nneighbor_ip 10.0.0.1\n}\ntrack_file F {\nfile /f\n}\n"+
			"virtual_server 192.0.2.1 53 {\nprotocol UDP\nlb_algo rr\nlb_kind DR\n"+vs+"\nreal_server 10.0.0.1 53 {\n"+rs+"}\n}\n",
	)
	if len(cfg.VirtualServers) != 1 || len(cfg.VirtualServers[0].RealServers) != 1 {
		t.Fatalf("no server: %v", cfg.Notes)
	}
	return cfg.VirtualServers[0]
}

// oneCheck reads a real server of one check.
func oneCheck(t *testing.T, global, vs, rs, kind, own string) keepalived.Checker {
	t.Helper()
	checks := oneServer(t, global, vs, rs+"\n"+kind+" {\n"+own+"\n}\n").RealServers[0].Checkers
	if len(checks) != 1 {
		t.Fatalf("%d checks", len(checks))
	}
	return checks[0]
}

// TestInherited has the times and counts by which each check runs: its own, else the real server's, else the virtual server's, else the
// default of its kind (validate_check_config() in check_data.c and queue_checker() in check_api.c: the same from 2.2.7 to 2.4.3).
func TestInherited(t *testing.T) {
	const nothing = "1m0s 1m0s 1 1s"
	for _, tt := range []struct {
		name, global, vs, rs, kind, own string
		want                            string // delay_loop, warmup, retry, delay_before_retry
	}{
		{name: "TCP", kind: "TCP_CHECK", want: nothing},
		{name: "UDP", kind: "UDP_CHECK", want: nothing},
		{name: "PING", kind: "PING_CHECK", want: nothing},
		{name: "SMTP", kind: "SMTP_CHECK", want: nothing},
		{name: "HTTP waits 3 s", kind: "HTTP_GET", own: "url {\npath /\n}", want: "1m0s 1m0s 1 3s"},
		{name: "SSL waits 3 s", kind: "SSL_GET", own: "url {\npath /\n}", want: "1m0s 1m0s 1 3s"},
		{name: "MISC does not try again", kind: "MISC_CHECK", own: "misc_path /x", want: "1m0s 1m0s 0 1s"},
		{name: "DNS waits a whole delay_loop", kind: "DNS_CHECK", want: "1m0s 1m0s 3 1m0s"},
		{name: "DNS waits that of the check", vs: "delay_loop 7", kind: "DNS_CHECK", own: "delay_loop 2.5", want: "2.5s 2.5s 3 2.5s"},
		{name: "BFD has none", vs: "delay_loop 7\nretry 2", kind: "BFD_CHECK", own: "name B", want: "0s 0s 0 0s"},
		{name: "FILE has none", vs: "delay_loop 7\nretry 2", kind: "FILE_CHECK", own: "track_file F", want: "0s 0s 0 0s"},

		{name: "of the virtual server", vs: "delay_loop 7\nwarmup 8\nretry 9\ndelay_before_retry 10", kind: "TCP_CHECK", want: "7s 8s 9 10s"},
		{
			name: "of the real server", vs: "delay_loop 7\nwarmup 8\nretry 9\ndelay_before_retry 10",
			rs: "delay_loop 1\nwarmup 2\nretry 3\ndelay_before_retry 4", kind: "TCP_CHECK", want: "1s 2s 3 4s",
		},
		{
			name: "its own", vs: "delay_loop 7\nwarmup 8\nretry 9\ndelay_before_retry 10",
			rs:   "delay_loop 1\nwarmup 2\nretry 3\ndelay_before_retry 4",
			kind: "TCP_CHECK", own: "delay_loop 11\nwarmup 12\nretry 13\ndelay_before_retry 14", want: "11s 12s 13 14s",
		},
		{name: "one of each", vs: "delay_loop 7", rs: "retry 3", kind: "TCP_CHECK", own: "warmup 12", want: "7s 12s 3 1s"},
		{
			name: "warmup is the delay_loop that counts", vs: "delay_loop 7", rs: "delay_loop 6",
			kind: "TCP_CHECK", own: "delay_loop 5", want: "5s 5s 1 1s",
		},
		{name: "a warmup of none", vs: "delay_loop 7\nwarmup 0", kind: "TCP_CHECK", want: "7s 0s 1 1s"},
		{name: "a wait of none", vs: "delay_before_retry 0", kind: "DNS_CHECK", want: "1m0s 1m0s 3 0s"},
		{name: "a server's retry is MISC's too", vs: "retry 2", kind: "MISC_CHECK", own: "misc_path /x", want: "1m0s 1m0s 2 1s"},
		{name: "a server's retry is DNS's too", rs: "retry 1", kind: "DNS_CHECK", want: "1m0s 1m0s 1 1m0s"},
		{name: "no time is no delay_loop", vs: "delay_loop 7", kind: "TCP_CHECK", own: "delay_loop 0", want: "7s 7s 1 1s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := oneCheck(t, tt.global, tt.vs, tt.rs, tt.kind, tt.own)
			got := fmt.Sprintf("%v %v %d %v", k.DelayLoop.V, k.Warmup.V, k.Retry.V, k.DelayBeforeRetry.V)
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// TestInheritedTimeout has how long a check waits: the network's have connect_timeout, MISC has the delay_loop of the virtual server, and
// no other (misc_check_thread() in check_misc.c).
func TestInheritedTimeout(t *testing.T) {
	for _, tt := range []struct {
		name, vs, rs, kind, own string
		want                    time.Duration
	}{
		{"connect", "", "", "TCP_CHECK", "", 5 * time.Second},
		{"of the virtual server", "connect_timeout 2", "", "DNS_CHECK", "", 2 * time.Second},
		{"of the real server", "connect_timeout 2", "connect_timeout 0.25", "UDP_CHECK", "", 250 * time.Millisecond},
		{"its own", "connect_timeout 2", "connect_timeout 3", "TCP_CHECK", "connect_timeout 4", 4 * time.Second},
		{"the longest", "", "", "TCP_CHECK", "connect_timeout 4294.967295", 4294967295 * time.Microsecond},
		{"longer than the longest", "", "", "TCP_CHECK", "connect_timeout 4294.967296", 5 * time.Second},
		{"of MISC", "", "", "MISC_CHECK", "misc_path /x", time.Minute},
		{"of MISC, the virtual server's", "delay_loop 7", "delay_loop 3", "MISC_CHECK", "misc_path /x\ndelay_loop 2", 7 * time.Second},
		{"of MISC, its own", "delay_loop 7", "", "MISC_CHECK", "misc_path /x\nmisc_timeout 2", 2 * time.Second},
		{"of MISC, none", "delay_loop 7", "", "MISC_CHECK", "misc_path /x\nmisc_timeout 0", 7 * time.Second},
		{"of MISC, not connect_timeout", "connect_timeout 2", "connect_timeout 2", "MISC_CHECK", "misc_path /x", time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := oneCheck(t, "", tt.vs, tt.rs, tt.kind, tt.own)
			got := time.Duration(-1)
			switch {
			case k.Connect != nil:
				got = k.Connect.Timeout.V
			case k.Misc != nil:
				got = k.Misc.Timeout.V
			}
			if got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// TestInheritedModes has alpha, which keeps a server out until its first success, and log_all_failures, which no check can take back.
func TestInheritedModes(t *testing.T) {
	for _, tt := range []struct {
		name, global, vs, rs, kind, own string
		alpha, log                      bool
	}{
		{name: "neither", kind: "TCP_CHECK"},
		{name: "alpha of the virtual server", vs: "alpha", kind: "TCP_CHECK", alpha: true},
		{name: "alpha of the real server", rs: "alpha", kind: "TCP_CHECK", alpha: true},
		{name: "no alpha of the real server", vs: "alpha", rs: "alpha no", kind: "TCP_CHECK"},
		{name: "no alpha of the check", vs: "alpha", kind: "TCP_CHECK", own: "alpha no"},
		{name: "alpha of the check", rs: "alpha off", kind: "TCP_CHECK", own: "alpha on", alpha: true},
		{name: "alpha and BFD", vs: "alpha", kind: "BFD_CHECK", own: "name B", alpha: true},
		{name: "no alpha and FILE", vs: "alpha", kind: "FILE_CHECK", own: "track_file F"}, // check_file.c sets it off
		{name: "log of all", global: "checker_log_all_failures", kind: "TCP_CHECK", log: true},
		{name: "log of one", kind: "TCP_CHECK", own: "log_all_failures", log: true},
		{name: "no log of one", kind: "TCP_CHECK", own: "log_all_failures no"},
		{name: "no log of one, log of all", global: "checker_log_all_failures", kind: "TCP_CHECK", own: "log_all_failures no", log: true},
		{name: "log of one, no log of all", global: "checker_log_all_failures no", kind: "TCP_CHECK", own: "log_all_failures", log: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := oneCheck(t, tt.global, tt.vs, tt.rs, tt.kind, tt.own)
			if k.Alpha.V != tt.alpha || k.LogAllFailures.V != tt.log {
				t.Errorf("alpha %t, log_all_failures %t, want %t, %t", k.Alpha.V, k.LogAllFailures.V, tt.alpha, tt.log)
			}
		})
	}
}

// TestInheritedAlerts has who sends mail, the one default that differs: real servers do, virtual servers do not.
func TestInheritedAlerts(t *testing.T) {
	for _, tt := range []struct {
		name, global, vs, rs string
		ofVS, ofRS           bool
	}{
		{name: "nobody says", ofRS: true},
		{name: "of all", global: "smtp_alert", ofVS: true, ofRS: true},
		{name: "of none", global: "smtp_alert no"},
		{name: "of the checker process, against all", global: "smtp_alert\nsmtp_alert_checker no"},
		{name: "of the checker process, whatever comes first", global: "smtp_alert_checker\nsmtp_alert no", ofVS: true, ofRS: true},
		{name: "a virtual server is not its real servers", vs: "smtp_alert", global: "smtp_alert_checker no", ofVS: true},
		{name: "their own", global: "smtp_alert_checker", vs: "smtp_alert off", rs: "smtp_alert false"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := oneServer(t, tt.global, tt.vs, tt.rs+"\n")
			if r := v.RealServers[0]; v.SMTPAlert.V != tt.ofVS || r.SMTPAlert.V != tt.ofRS {
				t.Errorf("virtual server %t, real server %t, want %t, %t", v.SMTPAlert.V, r.SMTPAlert.V, tt.ofVS, tt.ofRS)
			}
		})
	}
}
