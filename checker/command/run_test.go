package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/lvsdns/lvsdns/internal/ownfile"
	"github.com/miekg/dns"
)

// ran is what a user of a run sees.
type ran struct {
	status         int
	stdout, stderr string
}

// run runs a program with an environment of nothing and no exporter.
func run(t *testing.T, args string, change func(p *Program)) ran {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := Program{
		Name: "lvsdns-check", Args: append([]string{"--exporter-socket="}, strings.Fields(args)...),
		Getenv: noEnv, Stdout: &stdout, Stderr: &stderr,
		Exit:    func(status int) { t.Errorf("the process was ended with status %d", status) },
		Version: func() (string, bool) { return "v1.2.3", true },
	}
	if change != nil {
		change(&p)
	}
	status := p.Run(context.Background()).ExitStatus
	return ran{status, stdout.String(), stderr.String()}
}

func TestRunTextForPeople(t *testing.T) {
	unstamped := func(p *Program) { p.Version = func() (string, bool) { return "", false } }
	for _, c := range []struct {
		args   string
		change func(*Program)
		want   ran
	}{
		{"--help", nil, ran{1, usage, ""}},
		{"--help --exit-mode misc-dynamic", nil, ran{1, usage, ""}},
		{"--help --exit-mode nagios", nil, ran{3, usage, ""}},
		{"--version", nil, ran{1, "lvsdns-check v1.2.3\n", ""}},
		{"--version --exit-mode=nagios", nil, ran{3, "lvsdns-check v1.2.3\n", ""}},
		{"--version", unstamped, ran{1, "lvsdns-check (devel)\n", ""}},
		{"--nosuch", nil, ran{1, "", "lvsdns-check: --nosuch: there is no such flag; see lvsdns-check --help\n"}},
		{"--nosuch --exit-mode nagios", nil, ran{3, "", "lvsdns-check: --nosuch: there is no such flag; see lvsdns-check --help\n"}},
		{"--nosuch --exit-mode haproxy", nil, ran{1, "", "lvsdns-check: --nosuch: there is no such flag; see lvsdns-check --help\n"}},
		{"--nosuch --output xml", nil, ran{1, "", "lvsdns-check: --nosuch: there is no such flag; see lvsdns-check --help\n"}},
		{"--nosuch --output none", nil, ran{1, "", ""}},
		{"--nosuch --output nagios --exit-mode nagios", nil, ran{3, "DNS UNKNOWN - usage: --nosuch: there is no such flag; see lvsdns-check --help\n", ""}},
	} {
		t.Run(c.args, func(t *testing.T) {
			if got := run(t, c.args, c.change); got != c.want {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// What goes wrong inside is a failure in every mode, and says so in the format
// that was asked for.
func TestRunFailsClosed(t *testing.T) {
	const crash = "planted"
	for name, c := range map[string]struct {
		args    string
		change  func(*Program)
		outcome string
		reason  string
	}{
		"panic in the environment": {"--exit-mode=MODE", func(p *Program) { p.Getenv = func(string) string { panic(crash) } }, "internal", "panic: planted"},
		"panic in the TLS client": {"--exit-mode=MODE --transport tls 127.0.0.1", func(p *Program) {
			p.Encrypted = func(TLSOptions) (checker.Encrypted, error) { panic(crash) }
		}, "internal", "panic: planted"},
		"no TLS client comes": {"--exit-mode=MODE --transport tls --attempts 1 127.0.0.1:PORT", func(p *Program) {
			p.Encrypted = func(TLSOptions) (checker.Encrypted, error) { return nil, nil }
		}, "internal", "panic: runtime error: invalid memory address or nil pointer dereference"},
		"TLS client cannot be made": {"--exit-mode=MODE --transport tls 127.0.0.1", func(p *Program) {
			p.Encrypted = func(TLSOptions) (checker.Encrypted, error) { return nil, errors.New("--tls-ca: open x: no such file") }
		}, "usage", "--tls-ca: open x: no such file"},
		"nobody to hand over to": {"--exit-mode=MODE --transport https 127.0.0.1", func(p *Program) {
			p.HandOver = func() error { return errors.New("transports tls and https need x: no such file or directory") }
		}, "local", "transports tls and https need x: no such file or directory"},
		"no hand-over at all": {"--exit-mode=MODE --transport https 127.0.0.1", nil, "internal", "panic: runtime error: invalid memory address or nil pointer dereference"},
	} {
		for mode, status := range map[string]int{"misc": 1, "misc-dynamic": 1, "nagios": 3, "haproxy": 1} {
			if mode != "haproxy" && !strings.Contains(c.args, "127.0.0.1") {
				continue // only HAProxy's mode reads the environment
			}
			t.Run(name+" "+mode, func(t *testing.T) {
				server := dnstest.Start(t, "127.0.0.1:0", func(*dnstest.Query) {})
				args := strings.NewReplacer("MODE", mode, "127.0.0.1:PORT", server.Addr().String()).Replace(c.args)
				got := run(t, args+" --output=json", c.change)
				var report struct {
					Outcome, Reason string
					ExitStatus      int `json:"exit_status"`
				}
				if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
					t.Fatalf("stdout %q: %v", got.stdout, err)
				}
				if got.status != status || report.ExitStatus != status || report.Outcome != c.outcome || report.Reason != c.reason || got.stderr != "" {
					t.Errorf("status %d, %+v, stderr %q; want status %d, %s: %s", got.status, report, got.stderr, status, c.outcome, c.reason)
				}
				text := run(t, args, c.change)
				if line := text.stdout + text.stderr; text.status != status || !strings.HasSuffix(line, c.reason+"\n") || strings.Count(line, "\n") != 1 {
					t.Errorf("as text: %+v", text)
				}
			})
		}
	}
}

// answering answers with NOERROR while ok, else with SERVFAIL.
func answering(t *testing.T, ok bool) string {
	t.Helper()
	rcode := byte(dns.RcodeServerFailure)
	if ok {
		rcode = dns.RcodeSuccess
	}
	return dnstest.Start(t, "127.0.0.1:0", func(q *dnstest.Query) { q.Send(dnstest.Reply(q.Wire, rcode)) }).Addr().String()
}

// A place that cannot be written to is told on standard error; the verdict is
// the server's.
func TestRunOutputFile(t *testing.T) {
	good, bad := answering(t, true), answering(t, false)
	dir := t.TempDir()
	file := filepath.Join(dir, "check.prom")
	for server, status := range map[string]int{good: 0, bad: 1} {
		for range 2 { // new, then replaced
			got := run(t, "--output json --output-file "+file+" "+server, nil)
			text, err := os.ReadFile(file)
			if err != nil || !json.Valid(text) || got != (ran{status, "", ""}) {
				t.Errorf("%+v, file %q, %v", got, text, err)
			}
		}
		for path, why := range map[string]string{
			filepath.Join(dir, "no/such/x"): "write " + filepath.Join(dir, "no/such/x") + ": no such file or directory",
			filepath.Join(file, "x"):        "write " + filepath.Join(file, "x") + ": not a directory",
			dir + "/":                       "rename to " + dir + "/: ",
			"/proc/x":                       "write /proc/x: ",
		} {
			got := run(t, "--output json --output-file "+path+" "+server, nil)
			if got.status != status || got.stdout != "" || !strings.HasPrefix(got.stderr, "lvsdns-check: --output-file: "+why) || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("%s: %+v, want status %d and why", path, got, status)
			}
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the collector may not read the file: %v, %v", info, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left beside the file: %v, %v", left, err)
	}
	// A bad command line reaches the file too: a check that cannot run must show.
	if got := run(t, "--nosuch --output json --output-file "+file, nil); got.status != 1 {
		t.Errorf("%+v", got)
	}
	if text, _ := os.ReadFile(file); !strings.Contains(string(text), `"outcome":"usage"`) {
		t.Errorf("the file has %s", text)
	}
}

// Who reads the file while it is replaced sees the old text or the new one.
func TestWriteFileInOneStep(t *testing.T) {
	file := filepath.Join(t.TempDir(), "check.prom")
	text := func(letter string) []byte { return []byte(strings.Repeat(letter, 1<<18)) }
	if err := ownfile.ReplaceIn(file, text("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200 {
			if err := ownfile.ReplaceIn(file, text(string(rune('a'+i%26))), 0o644); err != nil {
				t.Error(err)
			}
		}
	}()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		got, err := os.ReadFile(file)
		if err != nil || len(got) != 1<<18 || !bytes.Equal(got, text(string(got[0]))) {
			t.Fatalf("saw %d bytes, %v", len(got), err)
		}
	}
}

func TestRunHeartbeat(t *testing.T) {
	dir, err := os.MkdirTemp("", "run") // short, as a socket's path must be
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	buf := make([]byte, 1<<16)
	for _, ok := range []bool{true, false} {
		server := answering(t, ok)
		got := run(t, "--output json --exporter-socket "+path+" "+server, nil)
		n, err := conn.Read(buf) // it came before Run returned
		if err != nil {
			t.Fatal(err)
		}
		var datagram, output map[string]any
		if err := json.Unmarshal(buf[:n], &datagram); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(got.stdout), &output); err != nil {
			t.Fatal(err)
		}
		if datagram["exit_mode"] != "misc" || datagram["time"].(float64) < 1.7e9 || datagram["duration_seconds"].(float64) <= 0 {
			t.Errorf("the datagram's own keys: %v", datagram)
		}
		for _, key := range []string{"server", "outcome", "reason", "exit_status"} {
			if datagram[key] != output[key] || output[key] == nil {
				t.Errorf("%s: %v in the datagram, %v in the output", key, datagram[key], output[key])
			}
		}
	}
}

// slowWriter does not take what it is given until the test lets it.
type slowWriter struct{ release chan struct{} }

func (w slowWriter) Write(p []byte) (int, error) {
	<-w.release
	return len(p), nil
}

// A reader that does not read ends the process with the verdict's status.
func TestRunWriterThatBlocks(t *testing.T) {
	for server, want := range map[string]int{answering(t, true): 0, answering(t, false): 1} {
		w := slowWriter{make(chan struct{})}
		ended := make(chan int, 1)
		run(t, server, func(p *Program) {
			p.Stdout = w
			p.Exit = func(status int) {
				ended <- status
				close(w.release)
			}
		})
		if got := <-ended; got != want {
			t.Errorf("the process ended with status %d, want %d", got, want)
		}
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestRunWriterThatFails(t *testing.T) {
	for server, want := range map[string]int{answering(t, true): 0, answering(t, false): 1} {
		if got := run(t, server, func(p *Program) { p.Stdout, p.Stderr = failingWriter{}, failingWriter{} }); got.status != want {
			t.Errorf("status %d, want %d", got.status, want)
		}
	}
	if got := run(t, "--nosuch", func(p *Program) { p.Stdout, p.Stderr = failingWriter{}, failingWriter{} }); got.status != 1 {
		t.Errorf("status %d of a bad flag, want 1", got.status)
	}
}
