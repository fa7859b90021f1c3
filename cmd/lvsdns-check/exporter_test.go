package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// socketDir is short, as a socket's path must be, and open to everybody.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "exp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func listen(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// asNobody has a command run without root's rights.
func asNobody(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can run a program as another user")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

// An exporter that is not there, not well or not ours costs no verdict.
func TestExporterHasNoSay(t *testing.T) {
	dir := socketDir(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(dir, "full")
	listen(t, full)
	writer, err := net.Dial("unixgram", full)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	for err == nil { // until it is full
		if err = writer.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err == nil {
			_, err = writer.Write([]byte("x"))
		}
	}
	private := filepath.Join(dir, "private")
	listen(t, private)
	if err := os.Chmod(private, 0o600); err != nil {
		t.Fatal(err)
	}
	for exporter, socket := range map[string]string{
		"absent": filepath.Join(dir, "absent"), "a file": file, "full": full, "private": private, "a folder": dir, "none": "",
	} {
		for name, c := range verdicts(t) {
			t.Run(exporter+" "+name, func(t *testing.T) {
				t.Parallel()
				cmd := start(t, func(ctx context.Context) *exec.Cmd {
					cmd := exec.CommandContext(ctx, program(), append([]string{"--exporter-socket", socket}, c.args...)...)
					if exporter == "private" {
						asNobody(t, cmd)
					}
					return cmd
				})
				if got := ended(t, cmd); got != c.end {
					t.Errorf("%s, want %s", got, c.end)
				}
			})
		}
	}
}

// What the exporter gets: one datagram, one object, the contract's keys.
func TestExporterHears(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	conn := listen(t, path)
	buf := make([]byte, 1<<16)
	for _, name := range []string{"pass", "fail", "weight"} {
		c := verdicts(t)[name]
		end, output := run(t, append([]string{"--exporter-socket", path, "--output", "json"}, c.args...)...)
		if end != c.end {
			t.Errorf("%s: %s, want %s", name, end, c.end)
		}
		if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		var printed, sent map[string]any
		if err := json.Unmarshal([]byte(output), &printed); err != nil {
			t.Fatalf("%q: %v", output, err)
		}
		if err := json.Unmarshal(buf[:n], &sent); err != nil {
			t.Fatalf("%q: %v", buf[:n], err)
		}
		for _, key := range []string{
			"server", "name", "type", "transport", "path", "outcome", "reason", "rcode", "flags", "answers", "size",
			"latency_seconds", "attempts", "weight", "exit_status",
		} {
			was, ok := printed[key]
			is, okToo := sent[key]
			a, _ := json.Marshal(was)
			b, _ := json.Marshal(is)
			if !ok || !okToo || string(a) != string(b) {
				t.Errorf("%s: printed %s, sent %s", key, a, b)
			}
			delete(sent, key)
		}
		if len(sent) != 3 || sent["exit_mode"] == "" || sent["time"].(float64) < 1.7e9 || sent["duration_seconds"].(float64) <= 0 {
			t.Errorf("%s: the datagram's own keys: %v", name, sent)
		}
	}
}
