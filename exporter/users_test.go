package exporter

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/lvsdns/lvsdns/checker/report"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	nobody "github.com/lvsdns/lvsdns/internal/stranger"
)

// TestLearned: whom keepalived.conf names is believed, also while it cannot be read, and no more when it names another.
func TestLearned(t *testing.T) {
	user := "lvs"
	var failure error
	r := newRig(t, func(c *Config) {
		c.Root = t.TempDir()
		os.Mkdir(filepath.Join(c.Root, "etc"), 0o755)
		os.WriteFile(filepath.Join(c.Root, "etc/passwd"), []byte("lvs:x:300:300::/:\nkeepalived_script:x:100:100::/:\n"), 0o644)
		os.WriteFile(filepath.Join(c.Root, "etc/group"), nil, 0o644)
		c.Configuration = func() (*keepalived.Config, error) {
			if failure != nil {
				return nil, failure
			}
			return keepalived.Load("k", keepalived.Options{FS: fstest.MapFS{"k": {Data: []byte("global_defs {\n\tscript_user " + user + "\n}\n")}}})
		}
	})
	trusted := func() (all []uint32) {
		r.clock.pass(time.Minute)
		r.Learn(t.Context())
		for _, uid := range []uint32{0, 100, 300, 4711} {
			if r.checks.users.trusts(uid) {
				all = append(all, uid)
			}
		}
		return all
	}
	look := func(when, want string) {
		t.Helper()
		if got := fmt.Sprint(trusted()); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	failure = os.ErrPermission
	look("it could never be read", "[0 100]")
	failure = nil
	look("script_user lvs", "[0 300]")
	failure = os.ErrNotExist
	look("it is being replaced", "[0 300]")
	failure, user = nil, "keepalived_script"
	look("another script_user", "[0 100]")
	r.checks.Limit(10, time.Hour, []uint32{4711})
	look("one of the settings", "[0 100 4711]")
	r.checks.Limit(10, time.Hour, nil)
	look("no more", "[0 100]")
}

// strangers sends as a user without rights.
func strangers(t *testing.T, path string, datagrams ...string) {
	t.Helper()
	if err := nobody.Do(t, func() error {
		conn, err := net.Dial("unixgram", path)
		if err != nil {
			return err
		}
		defer conn.Close()
		for _, d := range datagrams {
			if _, err := conn.Write([]byte(d)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestStranger: what a user without rights says of a check of root's changes nothing, nor what it says of checks of its own; it takes no
// place, and is counted and logged once.
func TestStranger(t *testing.T) {
	path := filepath.Join(nobody.Dir(t), "s")
	c := listening(t, path)
	fails := strings.Replace(oneReport, `"pass"`, `"rcode"`, 1)
	send(t, path, []byte(fails))
	until(t, func() bool { return c.view(nil).datagrams[accepted] == 1 })
	var log bytes.Buffer
	r := newRig(t, func(config *Config) {
		config.Checks, config.Log = c, slog.New(slog.NewTextHandler(&log, nil))
		config.Configuration = func() (*keepalived.Config, error) { return nil, os.ErrNotExist }
	})
	r.Learn(t.Context())
	pages := func() (all string) {
		for _, p := range []string{"/", "/metrics", "/api/v1/state"} {
			recorder := httptest.NewRecorder()
			r.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", p, nil))
			all += recorder.Body.String()
		}
		return all
	}
	many := []string{oneReport, strings.Replace(oneReport, "198.51.100.1", `[fe80::1%\u001b[31m]`, 1), strings.Repeat("x", maxDatagram+1), ""}
	for i := range 25_000 {
		many = append(many, strings.Replace(oneReport, "example.com.", fmt.Sprintf("stranger%d.", i), 1))
	}
	before := len(pages())
	strangers(t, path, many...)
	until(t, func() bool { return c.view(nil).datagrams[stranger] == uint64(len(many)) })
	v := c.view(nil)
	if len(v.checks) != 1 || v.checks[0].passed() || len(v.checks[0].runs) != 1 || v.datagrams[accepted] != 1 || v.datagrams[refused]+v.datagrams[malformed]+v.datagrams[oversize] > 0 {
		t.Errorf("%+v, %v", v.checks, v.datagrams)
	}
	if all, _, _ := c.forDrift(nil); len(all) != 1 || all[0].Passed {
		t.Errorf("drift hears %+v", all)
	}
	if after := pages(); len(after)-before > 1000 || strings.Contains(after, "stranger1") || strings.Contains(after, "\x1b") {
		t.Errorf("pages have grown by %d bytes", len(after)-before)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { r.watchStrangers(ctx, time.Millisecond) })
	until(t, func() bool { c.users.mu.Lock(); defer c.users.mu.Unlock(); return len(c.users.strangers) == 0 })
	strangers(t, path, oneReport)
	until(t, func() bool {
		c.users.mu.Lock()
		defer c.users.mu.Unlock()
		return c.users.away.Load() == uint64(len(many)+1) && len(c.users.strangers) == 0
	})
	cancel()
	watching.Wait()
	if n := strings.Count(log.String(), "checks.users may name it\" user=65534 reports="); n != 1 {
		t.Errorf("it is said %d times:\n%s", n, &log)
	}
}

// TestManyStrangers: one user with many numbers takes no more memory for each.
func TestManyStrangers(t *testing.T) {
	u := newUsers(nil)
	for user := range uint32(100_000) {
		u.turnAway(user + 1)
	}
	if n := len(u.turnedAway()); n != maxStrangers {
		t.Errorf("%d are remembered", n)
	}
}

// TestFloodOfStrangers is short; TestMillionStrangers has the numbers.
func TestFloodOfStrangers(t *testing.T) { floodOfStrangers(t, 20_000, 50*time.Millisecond) }

// floodOfStrangers sends so many reports from users without rights, and ten honest checks every so often beside them, as lvsdns-check does.
func floodOfStrangers(t *testing.T, total int64, every time.Duration) {
	const senders = 4
	path := filepath.Join(nobody.Dir(t), "s")
	c := listening(t, path)
	r := newRig(t, func(config *Config) { config.Checks, config.MaxSeries = c, 0 })
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	honest := checker.Result{Transport: checker.UDP, Outcome: checker.Pass, Decided: checker.QuestionResult{Question: checker.Question{Name: "honest.example.", Type: 6}}}
	say := func() {
		for range 10 {
			report.Send(path, report.New(honest, exit.Misc, time.Now()).Took(0))
		}
	}
	say()
	page, memory, goroutines := len(r.page(t, "")), inUse(), runtime.NumGoroutine()
	var left, lost atomic.Int64
	left.Store(total)
	var sending sync.WaitGroup
	for i := range senders {
		sending.Go(func() {
			if err := nobody.Do(t, func() error {
				conn, err := net.Dial("unixgram", path)
				if err != nil {
					return err
				}
				defer conn.Close()
				for n := left.Add(-1); n >= 0; n = left.Add(-1) {
					if _, err := conn.Write([]byte(strings.Replace(oneReport, "example.com.", fmt.Sprintf("x%d-%d.", i, n), 1))); err != nil {
						lost.Add(1)
					}
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	done := make(chan struct{})
	go func() { sending.Wait(); close(done) }()
	said := uint64(10)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for flooded := false; !flooded; {
		select {
		case <-done:
			flooded = true
		case <-ticker.C:
			say()
			said += 10
			if said%1000 == 0 {
				t.Logf("%d strangers' reports, %d honest: %d KiB in use, %d goroutines", c.users.away.Load(), said, inUse()>>10, runtime.NumGoroutine())
			}
		}
	}
	until(t, func() bool { v := c.view(nil); return v.datagrams[stranger] == uint64(total-lost.Load()) })
	v := c.view(nil)
	t.Logf("%d honest reports, %d taken; %d of strangers, %d of them not sent", said, v.datagrams[accepted], total, lost.Load())
	if v.datagrams[refused] > 0 || v.datagrams[accepted] > said || len(v.checks) != 1 {
		t.Errorf("%d checks, %v", len(v.checks), v.datagrams)
	}
	// A machine that is busy may lose one of a burst; those that did not wait at all lost more than half.
	if v.datagrams[accepted] < said*3/4 {
		t.Errorf("%d of %d honest reports came", v.datagrams[accepted], said)
	}
	if after := len(r.page(t, "")); after > page+1<<20 {
		t.Errorf("the page has grown from %d to %d bytes", page, after)
	}
	if after := inUse(); after > memory+4<<20 {
		t.Errorf("%d KiB are in use, %d were", after>>10, memory>>10)
	}
	until(t, func() bool { return runtime.NumGoroutine() <= goroutines+2 })
}
