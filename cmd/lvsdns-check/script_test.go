package main

import (
	"errors"
	"net/netip"
	"os/exec"
	"strconv"
	"testing"

	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestScript runs the stories in testdata/script, which have two commands of
// their own:
//
//	server NAME          start a name server that behaves like NAME; $NAME is where
//	check STATUS ARG...  run lvsdns-check, which must end with that status
//
// $CHECK is the program for scripts that need a shell.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("CHECK", program())
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"server": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 || servers[args[0]] == nil {
					ts.Fatalf("usage: server NAME, with a name of the table in script_test.go")
				}
				ts.Setenv(args[0], dnstest.Start(t, "127.0.0.1:0", servers[args[0]]).Addr().String())
			},
			"check": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) == 0 {
					ts.Fatalf("usage: check STATUS [ARG...]")
				}
				// A busy machine must not fail a story; what a story says of time comes later and wins.
				got, err := 0, ts.Exec(program(), append([]string{"--timeout", "30s"}, args[1:]...)...)
				var exit *exec.ExitError
				if errors.As(err, &exit) {
					got = exit.ExitCode()
				} else {
					ts.Check(err)
				}
				if strconv.Itoa(got) != args[0] {
					ts.Fatalf("status %d, want %s", got, args[0])
				}
			},
		},
	})
}

var servers = map[string]dnstest.Handler{
	"GOOD": func(q *dnstest.Query) {
		if m, _ := dnstest.Parse(q.Wire); m.Type == dns.TypeSOA {
			q.Send(dnstest.ReplyWith(q.Wire, dns.RcodeSuccess, []dnstest.Record{dnstest.SOA}, nil))
			return
		}
		q.Send(dnstest.Reply(q.Wire, dns.RcodeSuccess, netip.MustParseAddr("192.0.2.1")))
	},
	"SERVFAIL": func(q *dnstest.Query) { q.Send(dnstest.Reply(q.Wire, dns.RcodeServerFailure)) },
	"SILENT":   func(*dnstest.Query) {},
	"UDPONLY": func(q *dnstest.Query) {
		if q.TCP() {
			q.Hangup()
			return
		}
		q.Send(dnstest.Reply(q.Wire, dns.RcodeSuccess))
	},
	// NAMES knows example.com and what is in it but for gone.example.com.
	"NAMES": func(q *dnstest.Query) {
		rcode := byte(dns.RcodeRefused)
		switch m, _ := dnstest.Parse(q.Wire); m.Name {
		case "example.com.", "www.example.com.":
			rcode = dns.RcodeSuccess
		case "gone.example.com.":
			rcode = dns.RcodeNameError
		}
		q.Send(dnstest.Reply(q.Wire, rcode))
	},
}
