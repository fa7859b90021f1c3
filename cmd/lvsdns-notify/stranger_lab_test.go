//go:build lab

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
	"github.com/lvsdns/lvsdns/internal/stranger"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// TestStrangerBesideKeepalived has keepalived start the hooks while another user keeps every lock that he can open, and has planted links, FIFOs
// and an event wherever he may. Every event is acted on, and nothing of his is.
func TestStrangerBesideKeepalived(t *testing.T) {
	const victim = "/run/victim"
	hooks := []string{"notify.lock", "notify-next.lock", "notify-turn.lock", "notify-fifo.lock"}
	lie := notify.EncodeEvent(notify.Event{Subject: notify.Subject{Kind: notify.Instance, Name: "LIE"}, State: notify.Master, Source: notify.Script, Mark: notify.Mark{Born: time.Hour, PID: 7}})
	for _, tt := range []struct {
		name  string
		plant func(t *testing.T) error // in the run directory
		owner int
		mode  os.FileMode
	}{
		{"open locks of an earlier version", func(t *testing.T) error {
			for _, name := range hooks {
				path := filepath.Join(journal.RunDir, name)
				if err := errors.Join(os.WriteFile(path, nil, 0o644), stranger.Lock(t, path, false)); err != nil {
					return err
				}
			}
			return nil
		}, 0, 0o755},
		{"a run directory of another user", plantAll(victim, lie, hooks), stranger.ID, 0o755},
		{"a run directory open to all", plantAll(victim, lie, hooks), 0, 0o777},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lab := labtest.New(t)
			lb := lab.Director("lb1", lab.LAN("lan", "192.168.1.0/24").At("192.168.1.11"))
			lab.Install("lvsdns-notify", "/usr/bin/lvsdns-notify")
			lab.Install("lvsdns-notify-act", "/usr/bin/lvsdns-notify-act")
			acted := filepath.Join(lab.Dir(), "acted")
			lab.InstallFile("/etc/lvsdns/notify.yaml", "rules:\n  - states: [master, fault, stop]\n    actions:\n      - command: {run: ["+
				lab.Script("act", "echo $LVSDNS_NAME $LVSDNS_STATE >>"+acted)+"]}\n")
			if err := errors.Join(os.RemoveAll(journal.RunDir), os.RemoveAll(journal.StateDir), os.Mkdir(journal.RunDir, 0o755), os.WriteFile(victim, []byte("mine"), 0o600),
				os.Chmod(journal.RunDir, tt.mode), os.Chown(journal.RunDir, tt.owner, tt.owner), tt.plant(t)); err != nil {
				t.Fatal(err)
			}
			hook := "/usr/bin/lvsdns-notify --keepalived-config=" + filepath.Join(lab.Dir(), "lb1", "keepalived.conf")
			lines := fmt.Sprintf("\tnotify \"%s\"\n\tnotify_master \"%[1]s master VI_DNS\"\n\tnotify_fault \"%[1]s fault VI_DNS\"\n\tnotify_stop \"%[1]s stop VI_DNS\"\n", hook)
			k := lb.Keepalived("global_defs {\n\tscript_user root\n}\nvrrp_instance VI_DNS {\n\tinterface eth0\n\tstate BACKUP\n\tvirtual_router_id 51\n\tpriority 100\n\tadvert_int 0.5\n" +
				"\tvirtual_ipaddress {\n\t\t" + vipDNS + "/32\n\t}\n" + lines + "}\n")
			is := func(state string, times int) {
				t.Helper()
				last := ""
				defer func() {
					if t.Failed() {
						t.Log(last)
					}
				}()
				lab.WaitFor(fmt.Sprintf("the %d. action for %s", times, state), 60*time.Second, func() bool {
					text, _ := os.ReadFile(acted)
					last = string(text)
					return strings.Count(last, "VI_DNS "+state+"\n") >= times
				})
			}
			const rounds = 2
			for n := range rounds {
				is("master", n+1)
				for _, to := range []string{"down", "up"} {
					if _, err := lb.Run(t.Context(), "ip", "link", "set", "eth0", to); err != nil {
						t.Fatal(err)
					}
					is("fault", n+1)
				}
			}
			is("master", rounds+1)
			k.Stop()
			is("stop", 1)
			all, _ := os.ReadFile(acted)
			if text, err := os.ReadFile(victim); err != nil || string(text) != "mine" || strings.Contains(string(all), "LIE") {
				t.Errorf("the victim has %q, %v; acted on:\n%s", text, err, all)
			}
			d, err := (&journal.Journal{StateDir: journal.StateDir}).Read()
			if err != nil || d.Record(notify.Subject{Kind: notify.Instance, Name: "LIE"}) != nil || d.Record(notify.Subject{Kind: notify.Instance, Name: "VI_DNS"}) == nil {
				t.Fatalf("%+v, %v", d, err)
			}
			t.Logf("%d events in the journal; acted on:\n%s", d.Generation, all)
		})
	}
}

// plantAll puts things where they might be followed, believed, or waited for.
func plantAll(victim string, lie []byte, locks []string) func(*testing.T) error {
	return func(t *testing.T) error {
		spool := filepath.Join(journal.RunDir, "notify.d")
		return stranger.Do(t, func() error {
			err := errors.Join(os.Symlink(victim, filepath.Join(journal.RunDir, "notify.said")), os.Mkdir(spool, 0o755),
				os.WriteFile(filepath.Join(spool, "1"), lie, 0o644), syscall.Mkfifo(filepath.Join(spool, "2"), 0o666), os.Symlink(victim, filepath.Join(spool, "3")))
			for i, name := range locks {
				path := filepath.Join(journal.RunDir, name)
				if i%2 == 0 {
					err = errors.Join(err, os.Symlink(victim, path))
				} else {
					err = errors.Join(err, syscall.Mkfifo(path, 0o666))
				}
			}
			return err
		})
	}
}
