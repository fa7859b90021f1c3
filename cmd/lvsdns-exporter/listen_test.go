package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// asActivated is set where this test binary is to be lvsdns-exporter.
const asActivated = "LVSDNS_EXPORTER_ACTIVATED"

// TestActivated starts the program as systemd does, with a socket of TCP and one with a path: the Host check, the web config
// hold there as on ports of its own, and web.listen-address counts for nothing.
func TestActivated(t *testing.T) {
	if os.Getenv(asActivated) != "" {
		os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
		os.Exit(run(t.Context(), nil, strings.Split(os.Getenv(asActivated), "\n"), os.Stdout, os.Stderr))
	}
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	path := filepath.Join(t.TempDir(), "exporter.sock")
	unix, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close()
	one, _ := tcp.File()
	two, _ := unix.File()
	defer one.Close()
	defer two.Close()
	root := tree(t, map[string]string{"web.yaml": "basic_auth_users:\n  prometheus: " + bcrypted + "\n"})
	command := exec.Command(os.Args[0], "-test.run=^TestActivated$")
	args := []string{"--config=/dev/null", "--sources.root=" + root, "--checks.socket=", "--web.systemd-socket", "--web.listen-address=192.0.2.1:1", "--web.config.file=" + root + "/web.yaml"}
	command.Env = append(os.Environ(), asActivated+"="+strings.Join(args, "\n"), "LISTEN_FDS=2", "LISTEN_FDNAMES=port:path")
	command.ExtraFiles, command.Stderr = []*os.File{one, two}, os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Signal(syscall.SIGKILL)
		_ = command.Wait()
	}()
	over := func(network, address string) *http.Client {
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		return &http.Client{Transport: &http.Transport{DialContext: dial}}
	}
	for _, tt := range []struct {
		name   string
		client *http.Client
		host   string // with who asks
		status int
	}{
		{"the port", over("tcp", tcp.Addr().String()), "prometheus:secret@localhost", 200},
		{"the path", over("unix", path), "prometheus:secret@localhost", 200},
		{"the port, by a foreign name", over("tcp", tcp.Addr().String()), "prometheus:secret@evil.example", 421},
		{"the path, by a foreign name", over("unix", path), "prometheus:secret@evil.example", 421},
		{"the port, without a password", over("tcp", tcp.Addr().String()), "localhost", 401},
		{"the path, without a password", over("unix", path), "localhost", 401},
	} {
		if status, _ := get(t, tt.client, "http://"+tt.host+"/metrics"); status != tt.status {
			t.Errorf("%s: status %d, want %d", tt.name, status, tt.status)
		}
	}
}
