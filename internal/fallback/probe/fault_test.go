package probe_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/probe"
)

// A director without descriptors has learnt nothing about anybody, whatever
// check it is that it cannot run: none of them takes a real server out.
func TestNoDescriptors(t *testing.T) {
	options := probe.Options{Getenv: func(string) string { return "" }}
	check := func(flags string) string {
		return `MISC_CHECK {` + "\n" + `misc_path "/usr/bin/lvsdns-check --timeout 2s ` + flags + ` 127.0.0.1:1"` + "\n}"
	}
	checkers := map[string]string{
		"TCP_CHECK":                           "TCP_CHECK {\n connect_port 1\n}",
		"DNS_CHECK":                           "DNS_CHECK {\n connect_port 1\n}",
		"UDP_CHECK":                           "UDP_CHECK {\n connect_port 1\n}",
		"HTTP_GET":                            "HTTP_GET {\n connect_port 1\n url {\n path /\n}\n}",
		"MISC_CHECK lvsdns-check, udp":        check(""),
		"MISC_CHECK lvsdns-check, tcp":        check("--transport tcp"),
		"MISC_CHECK lvsdns-check, tls":        check("--transport tls"),
		"MISC_CHECK lvsdns-check, https":      check("--transport https"),
		"MISC_CHECK lvsdns-check, no output":  check("--output none"),
		"MISC_CHECK lvsdns-check, for Nagios": check("--exit-mode nagios --output nagios"),
	}
	probes := map[string]probe.Probe{}
	for name, text := range checkers {
		probes[name] = configured(t, "", text, options)
	}
	useUp(t)
	for name, p := range probes {
		r := p(t.Context())
		if !r.Unknown || !strings.Contains(r.Reason, "too many open files") {
			t.Errorf("%s: %+v, want unknown: too many open files", name, r)
		}
	}
}

// useUp takes all descriptors that this process may have until the test ends.
func useUp(t *testing.T) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = 100
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	var taken []*os.File
	t.Cleanup(func() {
		for _, f := range taken {
			_ = f.Close()
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			panic(fmt.Sprintf("the limit of descriptors stays: %v", err))
		}
	})
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, f)
	}
}
