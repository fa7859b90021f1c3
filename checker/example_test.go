package checker_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/lvsdns/lvsdns/checker/report"
	"github.com/miekg/dns"
)

// Ask a name server for the SOA record of its zone, and take nothing but an
// authoritative answer.
func ExampleCheck_Run() {
	server, stop := nameServer()
	defer stop()
	check := checker.Check{
		Server:    server,
		Questions: []checker.Question{{Name: "example.com.", Type: dns.TypeSOA, Class: dns.ClassINET}},
		Expect:    checker.Expect{Require: checker.AA, MinAnswers: 1},
		Timeout:   10 * time.Second,
		Attempts:  2,
	}
	result := check.Run(context.Background())
	fmt.Printf("%s: %s\n", result.Outcome, result.Reason)
	// Output: pass: NOERROR, 1 answer, 113 bytes
}

// Three things can come of a check. What is no verdict says nothing of the server,
// and must not take it out of service.
func ExampleOutcome_IsVerdict() {
	server, stop := nameServer()
	defer stop()
	check := checker.Check{
		Questions: []checker.Question{{Name: "example.com.", Type: dns.TypeSOA, Class: dns.ClassINET}},
		Timeout:   10 * time.Second,
	}
	for _, source := range []string{"127.0.0.1", "192.0.2.77"} { // this host has the first one alone
		check.Server, check.From.Source = server, netip.MustParseAddr(source)
		switch result := check.Run(context.Background()); {
		case result.Outcome == checker.Pass:
			fmt.Println("in service:", result.Outcome)
		case result.Outcome.IsVerdict():
			fmt.Println("out of service:", result.Outcome)
		default:
			fmt.Println("leave it as it is:", result.Outcome)
		}
	}
	// Output:
	// in service: pass
	// leave it as it is: local
}

// Sign the question, and take nothing but an answer that is signed with the same
// key. A key need not come from a file.
func ExampleNewTSIGKey() {
	server, stop := nameServer()
	defer stop()
	key, err := checker.NewTSIGKey("check.example.com", "hmac-sha256", []byte("secret"))
	if err != nil {
		fmt.Println(err)
		return
	}
	check := checker.Check{
		Server:    server,
		Questions: []checker.Question{{Name: "example.com.", Type: dns.TypeSOA, Class: dns.ClassINET}},
		Ask:       checker.Ask{TSIG: key},
		Timeout:   10 * time.Second,
	}
	fmt.Println(check.Run(context.Background()).Outcome)
	// Output: pass
}

// Tell keepalived, and a person.
func Example() {
	server, stop := nameServer()
	defer stop()
	check := checker.Check{
		Server:    server,
		Questions: []checker.Question{{Name: "gone.example.com.", Type: dns.TypeA, Class: dns.ClassINET}},
		Timeout:   10 * time.Second,
	}
	told := report.New(check.Run(context.Background()), exit.Misc, time.Now())
	fmt.Println(told.Outcome, "rcode", *told.Rcode, "exit status", told.ExitStatus)
	// Output: rcode rcode NXDOMAIN exit status 1
}

// nameServer answers for example.com on an address of this host, and signs for
// those who do.
func nameServer() (at netip.AddrPort, stop func()) {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		answer := new(dns.Msg).SetReply(asked)
		answer.Authoritative = true
		if asked.Question[0].Name != "example.com." {
			answer.Rcode = dns.RcodeNameError
		} else if soa, err := dns.NewRR("example.com. 300 IN SOA ns1.example.com. hostmaster.example.com. 1 2 3 4 5"); err == nil {
			answer.Answer = []dns.RR{soa}
		}
		if tsig := asked.IsTsig(); tsig != nil && w.TsigStatus() == nil {
			answer.SetTsig(tsig.Hdr.Name, tsig.Algorithm, tsig.Fudge, time.Now().Unix())
		}
		_ = w.WriteMsg(answer)
	})
	keys := map[string]string{"check.example.com.": base64.StdEncoding.EncodeToString([]byte("secret"))}
	server := &dns.Server{PacketConn: socket, Handler: handler, TsigSecret: keys}
	go func() { _ = server.ActivateAndServe() }()
	return socket.LocalAddr().(*net.UDPAddr).AddrPort(), func() { _ = socket.Close() }
}
