package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

// TestHAProxy has a real HAProxy take a name server out of service and back,
// with the two-line script of docs/check.md between it and lvsdns-check.
func TestHAProxy(t *testing.T) {
	haproxy, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skipf("this host has no HAProxy: %v", err)
	}
	// An address of our own: no other program takes the port while it is closed.
	server := dnstest.Start(t, "127.53.0.1:0", servers["GOOD"])
	address := server.Addr().String()

	dir := socketDir(t) // HAProxy's sockets have short paths too
	write(t, filepath.Join(dir, "check"), 0o755, "#!/bin/sh\nexec "+program()+" --exit-mode haproxy --transport tcp --timeout 5s \"$@\"\n")
	write(t, filepath.Join(dir, "cfg"), 0o644, fmt.Sprintf(`
global
	external-check
	insecure-fork-wanted
	stats socket %[1]s/stats level operator
defaults
	mode tcp
	timeout connect 5s
	timeout client 5s
	timeout server 5s
	timeout check 10s
frontend dns
	bind unix@%[1]s/dns
	default_backend ns
backend ns
	option external-check
	external-check path /usr/bin:/bin
	external-check command %[1]s/check
	server ns1 %[2]s check inter 300ms fall 1 rise 1
`, dir, address))
	var log strings.Builder
	cmd := start(t, func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, haproxy, "-db", "-f", filepath.Join(dir, "cfg"))
		cmd.Stdout, cmd.Stderr = &log, &log
		return cmd
	})
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("HAProxy said:\n%s", log.String())
		}
	}()

	stats := filepath.Join(dir, "stats")
	await(t, stats, "the server is good", "UP", "PROCOK", "0")
	server.Close()
	await(t, stats, "the server is dead", "DOWN", "PROCERR", "1")
	server = dnstest.Start(t, address, servers["GOOD"])
	await(t, stats, "the server is back", "UP", "PROCOK", "0")
	server.Close()
	server = dnstest.Start(t, address, func(q *dnstest.Query) { q.Send(dnstest.Reply(q.Wire, dns.RcodeServerFailure)) })
	await(t, stats, "the server answers SERVFAIL", "DOWN", "PROCERR", "1")
	server.Close()
	dnstest.Start(t, address, servers["GOOD"])
	await(t, stats, "the server is mended", "UP", "PROCOK", "0")
}

func write(t *testing.T, path string, mode os.FileMode, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// await polls HAProxy's statistics until the server ns1 has a state.
func await(t *testing.T, socket, when, status, check, code string) {
	t.Helper()
	var seen string
	for range 300 {
		row, err := stat(socket)
		seen = fmt.Sprintf("%s %s %s, %v", row["status"], row["check_status"], row["check_code"], err)
		if row["status"] == status && row["check_status"] == check && row["check_code"] == code {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s, and HAProxy shows %s", when, seen)
}

// stat reads the row of ns1 from "show stat".
func stat(socket string) (map[string]string, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "show stat\n"); err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(conn).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if len(row) > 1 && row[1] == "ns1" {
			named := map[string]string{}
			for i, name := range rows[0] {
				named[name] = row[i]
			}
			return named, nil
		}
	}
	return nil, fmt.Errorf("no row for ns1 in %d", len(rows))
}
