package checker

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

// swept is one case of a sweep.
type swept struct {
	key   string                   // which case; in lower case the first label of the name that is asked for
	reply func(wire []byte) []byte // what the server sends, over whatever it was asked
	tcp   func(wire []byte) []byte // what it sends over TCP; nil: the same
	rcode int                      // what the answer says, when it is taken
}

func (c swept) name() string { return strings.ToLower(c.key) + ".example." }

// difference says why this program and BIND's do not agree, on the cases that its pattern matches.
type difference struct{ pattern, why string }

// sweep holds this program's verdicts on many replies beside those of dig and of delv, a reader of messages and a
// resolver that share no code with it. Where they differ, there must be a reason.
type sweep struct {
	cases       []swept
	question    uint16
	transport   Transport
	expect      Expect
	delv        func(swept) bool // which cases delv is asked, too; nil: none
	differences []difference

	asking atomic.Bool // this program asks, not dig or delv
}

// Verdicts of all three: the answer is taken, or it is thrown away.
const (
	taken  = "taken"
	thrown = "thrown away"
)

// nothingElse is an rcode that nobody has and no case sends. The server says it behind each answer to this program,
// which takes it when it has thrown the answer away, and need not wait to the end for something better.
const nothingElse = 15

func (s *sweep) run(t *testing.T) {
	t.Helper()
	server := s.start(t)
	ours, digs := s.ours(t, server), s.dig(t, server)
	delvs := s.delvs(t, server)
	met := make([]bool, len(s.differences))
	for _, c := range s.cases {
		agree := ours[c.key] == digs[c.key] && (delvs[c.key] == "" || ours[c.key] == delvs[c.key])
		if agree {
			continue
		}
		explained := false
		for i, d := range s.differences {
			if regexp.MustCompile(`^` + d.pattern).MatchString(c.key) {
				met[i], explained = true, true
			}
		}
		if !explained {
			t.Errorf("%s: %s here, %s by dig, %s by delv", c.key, ours[c.key], digs[c.key], delvs[c.key])
		}
	}
	for i, d := range s.differences {
		if !met[i] {
			t.Errorf("no difference is left of %s: %s", d.pattern, d.why)
		}
	}
	t.Logf("%d cases, %d of them by delv", len(s.cases), len(delvs))
}

func (s *sweep) start(t *testing.T) *dnstest.Server {
	t.Helper()
	for _, tool := range []string{"dig", "delv"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not there to compare with: install bind9-dnsutils", tool)
		}
	}
	byName := map[string]swept{}
	for _, c := range s.cases {
		byName[c.name()] = c
	}
	answer := func(q *dnstest.Query) {
		m, err := dnstest.Parse(q.Wire)
		c, ok := byName[m.Name]
		if err != nil || !ok {
			t.Errorf("asked for %q, %v", m.Name, err)
			return
		}
		reply := c.reply
		if q.TCP() && c.tcp != nil {
			reply = c.tcp
		}
		q.Send(reply(q.Wire))
		if s.asking.Load() {
			q.Send(dnstest.Reply(q.Wire, nothingElse))
		}
	}
	if s.transport == TLS {
		return dnstest.StartTLS(t, "127.0.0.1:0", dnstest.NewAuthority(t).Certificate(time.Now().Add(time.Hour), "127.0.0.1"), answer)
	}
	return dnstest.Start(t, "127.0.0.1:0", answer)
}

// anyTLS is a client that takes every certificate.
type anyTLS struct{ Encrypted }

func (anyTLS) Client(ctx context.Context, conn net.Conn, _ string) (net.Conn, error) {
	session := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	return session, session.HandshakeContext(ctx)
}

// ours are the verdicts of real checks.
func (s *sweep) ours(t *testing.T, server *dnstest.Server) map[string]string {
	t.Helper()
	s.asking.Store(true)
	defer s.asking.Store(false)
	all := make([]int, 0, 1<<12)
	for rcode := range cap(all) {
		if rcode != nothingElse {
			all = append(all, rcode)
		}
	}
	verdicts := map[string]string{}
	for _, c := range s.cases {
		check := Check{
			Server: server.Addr(), Transport: s.transport, Timeout: 30 * time.Second, Encrypted: anyTLS{}, Expect: s.expect,
			Questions: []Question{{Name: c.name(), Type: s.question, Class: dns.ClassINET, Rcodes: all}},
		}
		switch r := check.Run(t.Context()); {
		case r.Outcome == Pass && *r.Decided.Rcode == c.rcode:
			verdicts[c.key] = taken
		case r.Outcome == Answers, r.Outcome == Rcode && *r.Decided.Rcode == nothingElse:
			verdicts[c.key] = thrown
		default:
			t.Errorf("%s: %s: %s", c.key, r.Outcome, r.Reason)
		}
	}
	return verdicts
}

// dig asks for all names in one process.
func (s *sweep) dig(t *testing.T, server *dnstest.Server) map[string]string {
	t.Helper()
	how := map[Transport]string{UDP: "+notcp", TCP: "+tcp", TLS: "+tls"}[s.transport]
	var args []string
	for _, c := range s.cases {
		args = append(args, "@127.0.0.1", "-p", strconv.Itoa(int(server.Addr().Port())), how, "+tries=1", "+time=10", "+qr",
			"+noednsnegotiation", "+nobadcookie", c.name(), dns.Type(s.question).String())
	}
	out, err := exec.CommandContext(t.Context(), "dig", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("dig: %v\n%s", err, out)
	}
	verdicts := map[string]string{}
	asked := regexp.MustCompile(`(?m)^;(\S+)\.example\.\s+IN\s`)
	for _, part := range strings.Split(string(out), ";; Sending:")[1:] {
		sent, got, _ := strings.Cut(part, ";; QUERY SIZE")
		name := asked.FindStringSubmatch(sent)
		if name == nil {
			t.Fatalf("dig has asked what?\n%s", part)
		}
		verdict := taken
		if strings.Contains(got, "malformed message packet") || strings.Contains(got, "Got bad packet") || !strings.Contains(got, "status: ") {
			verdict = thrown
		}
		for _, c := range s.cases {
			if strings.EqualFold(c.key, name[1]) {
				verdicts[c.key] = verdict
			}
		}
	}
	return verdicts
}

// delvs asks delv, which is a resolver without a cache, some at a time.
func (s *sweep) delvs(t *testing.T, server *dnstest.Server) map[string]string {
	t.Helper()
	verdicts := map[string]string{}
	var mu sync.Mutex
	var running sync.WaitGroup
	places := make(chan bool, 4)
	dir := t.TempDir() // delv leaves files where it was started, when it is ended
	for _, c := range s.cases {
		if s.delv == nil || !s.delv(c) {
			continue
		}
		places <- true
		running.Go(func() {
			defer func() { <-places }()
			verdict, err := "", error(nil)
			for range 5 { // delv 9.18 ends with nothing said, and status 0, once in some hundred runs
				if verdict, err = delv(t.Context(), dir, server, c.name(), dns.Type(s.question).String()); verdict != "" {
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if verdicts[c.key] = verdict; verdict == "" {
				t.Errorf("delv: %s: %v", c.key, err)
			}
		})
	}
	running.Wait()
	return verdicts
}

// delvTakes is what delv says of an answer that it has taken: a record, or what it makes of a message without one.
var delvTakes = regexp.MustCompile(`^[^;]|ncache |(server sent|received) FORMERR|unexpected RCODE|BADVERS resolving|resolution failed: failure`)

// delv returns its verdict as soon as it has one: to something better it gives ten seconds.
func delv(ctx context.Context, dir string, server *dnstest.Server, name, question string) (string, error) {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	out, in := io.Pipe()
	cmd := exec.CommandContext(ctx, "delv", "-i", "@127.0.0.1", "-p", strconv.Itoa(int(server.Addr().Port())), name, question)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, in, in
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan bool)
	go func() {
		_ = cmd.Wait() // ended as soon as it has said enough
		in.Close()
		close(ended)
	}()
	verdict, said := "", ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said += lines.Text() + "\n"
		switch {
		case verdict != "":
		case delvTakes.MatchString(lines.Text()):
			verdict = taken
		case strings.HasPrefix(lines.Text(), ";;"):
			verdict = thrown
		}
		if verdict != "" {
			enough()
		}
	}
	if <-ended; verdict == "" {
		return "", fmt.Errorf("no verdict: %q", said)
	}
	return verdict, nil
}
