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
	"github.com/lvsdns/lvsdns/exporter/internal/checks"
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
			if r.checks.Trusts(uid) {
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

// aReport is what lvsdns-check sends, as far as it is used.
const aReport = `{"server":"198.51.100.1:53","name":"example.com.","type":"SOA","transport":"udp","path":"rip","outcome":"pass","reason":"fine","rcode":"NOERROR","latency_seconds":0.001,"weight":null,"duration_seconds":0.002}`

// listens takes reports until the test ends.
func listens(t *testing.T, path string) *checks.Memory {
	t.Helper()
	c := checks.New(checks.Config{Socket: path})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Listen(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	waitFor(t, func() bool { _, err := os.Lstat(path); return err == nil })
	return c
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

func sendTo(t *testing.T, path string, datagram []byte) {
	t.Helper()
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(datagram); err != nil {
		t.Fatal(err)
	}
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
	c := listens(t, path)
	fails := strings.Replace(aReport, `"pass"`, `"rcode"`, 1)
	sendTo(t, path, []byte(fails))
	waitFor(t, func() bool { return c.View(nil).Datagrams[checks.Accepted] == 1 })
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
	many := []string{aReport, strings.Replace(aReport, "198.51.100.1", `[fe80::1%\u001b[31m]`, 1), strings.Repeat("x", 20_000), ""}
	for i := range 25_000 {
		many = append(many, strings.Replace(aReport, "example.com.", fmt.Sprintf("stranger%d.", i), 1))
	}
	before := len(pages())
	strangers(t, path, many...)
	waitFor(t, func() bool { return c.View(nil).Datagrams[checks.Stranger] == uint64(len(many)) })
	v := c.View(nil)
	if all := v.State(); len(all) != 1 || all[0].Passed() || all[0].Runs != 1 || v.Datagrams[checks.Accepted] != 1 || v.Datagrams[checks.Refused]+v.Datagrams[checks.Malformed]+v.Datagrams[checks.Oversize] > 0 {
		t.Errorf("%+v, %v", v.State(), v.Datagrams)
	}
	if all, _, _ := c.ForDrift(nil); len(all) != 1 || all[0].Passed {
		t.Errorf("drift hears %+v", all)
	}
	if after := pages(); len(after)-before > 1000 || strings.Contains(after, "stranger1") || strings.Contains(after, "\x1b") {
		t.Errorf("pages have grown by %d bytes", len(after)-before)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	var learnt atomic.Int64
	watching.Go(func() {
		c.WatchStrangers(ctx, time.Millisecond, func(ctx context.Context) { r.Learn(ctx); learnt.Add(1) }, r.config.Log)
	})
	waitFor(t, func() bool { return learnt.Load() == 1 })
	strangers(t, path, aReport)
	waitFor(t, func() bool { return learnt.Load() == 2 })
	cancel()
	watching.Wait()
	if n := strings.Count(log.String(), "checks.users may name it\" user=65534 reports="); n != 1 {
		t.Errorf("it is said %d times:\n%s", n, &log)
	}
}

// TestFloodOfStrangers is short; TestMillionStrangers has the numbers.
func TestFloodOfStrangers(t *testing.T) { floodOfStrangers(t, 20_000, 50*time.Millisecond) }

// floodOfStrangers sends so many reports from users without rights, and ten honest checks every so often beside them, as lvsdns-check does.
func floodOfStrangers(t *testing.T, total int64, every time.Duration) {
	const senders = 4
	path := filepath.Join(nobody.Dir(t), "s")
	c := listens(t, path)
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
					if _, err := conn.Write([]byte(strings.Replace(aReport, "example.com.", fmt.Sprintf("x%d-%d.", i, n), 1))); err != nil {
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
				t.Logf("%d strangers' reports, %d honest: %d KiB in use, %d goroutines", c.View(nil).Datagrams[checks.Stranger], said, inUse()>>10, runtime.NumGoroutine())
			}
		}
	}
	waitFor(t, func() bool { v := c.View(nil); return v.Datagrams[checks.Stranger] == uint64(total-lost.Load()) })
	v := c.View(nil)
	t.Logf("%d honest reports, %d taken; %d of strangers, %d of them not sent", said, v.Datagrams[checks.Accepted], total, lost.Load())
	if v.Datagrams[checks.Refused] > 0 || v.Datagrams[checks.Accepted] > said || len(v.Checks) != 1 {
		t.Errorf("%d checks, %v", len(v.Checks), v.Datagrams)
	}
	// A machine that is busy may lose one of a burst; those that did not wait at all lost more than half.
	if v.Datagrams[checks.Accepted] < said*3/4 {
		t.Errorf("%d of %d honest reports came", v.Datagrams[checks.Accepted], said)
	}
	if after := len(r.page(t, "")); after > page+1<<20 {
		t.Errorf("the page has grown from %d to %d bytes", page, after)
	}
	if after := inUse(); after > memory+4<<20 {
		t.Errorf("%d KiB are in use, %d were", after>>10, memory>>10)
	}
	waitFor(t, func() bool { return runtime.NumGoroutine() <= goroutines+2 })
}
