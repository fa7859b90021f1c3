package command

import (
	"reflect"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// A name that is accepted fits on the wire and comes back as the same text.
func FuzzParseName(f *testing.F) {
	for _, s := range []string{
		".", "example.com", "A", "a..b", `a\.b.example`, `\097.example`, "it's.example", "bücher.example",
		strings.Repeat("a", 64) + ".example", strings.Repeat("abcdefg.", 32), `a.b\`, `\`, `\.`, `a\0.b`, `\1.`, "a\x00b.c",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := parseName(s)
		if err != nil {
			if name != "" || err.Error() == "" || strings.Contains(err.Error(), "\n") {
				t.Fatalf("parseName(%q) = %q, %v", s, name, err)
			}
			return
		}
		wire, err := new(dns.Msg).SetQuestion(name, dns.TypeA).Pack()
		if err != nil || len(wire) > 12+maxName+4 {
			t.Fatalf("parseName(%q) = %q, which packs to %d bytes, %v", s, name, len(wire), err)
		}
		back := new(dns.Msg)
		if err := back.Unpack(wire); err != nil || back.Question[0].Name != name {
			t.Fatalf("parseName(%q) = %q, which comes back as %+v, %v", s, name, back.Question, err)
		}
	})
}

// Any command line is a command or an error, and the mode that its error ends
// with is the mode that it has when it is right.
func FuzzParseArgs(f *testing.F) {
	for _, args := range []string{
		"192.0.2.1", "--help", "[2001:db8::1]:53\n--name\nexample.com\n--type=A", "--exit-mode\nnagios\n192.0.2.1", "--exit-mode\nhaproxy\n1.2.3.4\n5\n192.0.2.1\n53",
		"--question\nexample.com A NXDOMAIN\n--quorum\n1\n192.0.2.1", "192.0.2.1\n--weight-by\nlatency:5ms=100,200ms=10\n--exit-mode\nmisc-dynamic",
		"--\n192.0.2.1", "-\n", "---x", "--answer\n(\n192.0.2.1", "--transport\ntls\n--tls-insecure\n::1", "--subnet\n192.0.2.0/24\n::1\n--source\n::2",
		"--tsig\nk:hmac-sha256:/dev/null\n::1", "--no-edns\n--dnssec=false\n::1", "--mark=0x1\n::1", "--exit-mode=nagios\n--name\n--exit-mode\nmisc\n::1",
	} {
		f.Add(args)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "tsig") && strings.Contains(text, "/") && !strings.Contains(text, "/dev/null") {
			t.Skip("it would open any file of this host")
		}
		args := strings.Split(text, "\n")
		cmd, err := Parse(args, noEnv)
		if err != nil {
			if !reflect.DeepEqual(cmd, Command{}) {
				t.Fatalf("both a command and %v", err)
			}
			if err.Error() == "" {
				t.Fatal("an error without a word")
			}
			return
		}
		if cmd.Format == nil || !cmd.Check.Server.IsValid() || cmd.Check.Server.Port() == 0 || len(cmd.Check.Questions) == 0 || cmd.Check.Timeout <= 0 || cmd.Check.Attempts < 1 {
			t.Fatalf("a command that cannot run: %+v", cmd)
		}
		if cmd.Check.Quorum < 0 || cmd.Check.Quorum > len(cmd.Check.Questions) {
			t.Fatalf("quorum %d of %d", cmd.Check.Quorum, len(cmd.Check.Questions))
		}
	})
}
