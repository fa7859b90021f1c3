package checker

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// A pattern that matches nothing says what came, and not more than a person
// reads.
func TestMismatch(t *testing.T) {
	const mend = "; it would without regard to case: put (?i) in front"
	long := `long.example.com. 300 IN TXT "` + strings.Repeat("x", 200) + `"`
	for _, c := range []struct {
		name    string
		came    []string
		pattern string
		want    string
	}{
		{"nothing", nil, `.`, `no answer matches ".": there is none`},
		{"another address", []string{"www.example.com. 300 IN A 192.0.2.10"}, ` A 192[.]0[.]2[.]1$`,
			`no answer matches " A 192[.]0[.]2[.]1$", only: www.example.com. IN A 192.0.2.10`},
		{"another case", []string{"WWW.Example.com. 300 IN A 192.0.2.1"}, `^www[.]example[.]com[.] IN A`,
			`no answer matches "^www[.]example[.]com[.] IN A", only: WWW.Example.com. IN A 192.0.2.1` + mend},
		{"three", []string{"a. 1 IN A 192.0.2.1", "a. 1 IN A 192.0.2.2", "a. 1 IN A 192.0.2.3"}, `x`,
			`no answer matches "x", only: a. IN A 192.0.2.1, a. IN A 192.0.2.2, a. IN A 192.0.2.3`},
		{"many", []string{"a. 1 IN A 192.0.2.1", "a. 1 IN A 192.0.2.2", "a. 1 IN A 192.0.2.3", "a. 1 IN A 192.0.2.4", "a. 1 IN A 192.0.2.5"}, `x$`,
			`no answer matches "x$", only: a. IN A 192.0.2.1, a. IN A 192.0.2.2, a. IN A 192.0.2.3, and 2 more`},
		{"a long one", []string{long}, `y`, `no answer matches "y", only: long.example.com. IN TXT "` + strings.Repeat("x", 100-len(`long.example.com. IN TXT "`)) + "…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var came []dns.RR
			for _, text := range c.came {
				came = append(came, record(t, text))
			}
			if got := mismatch(came, regexp.MustCompile(c.pattern)); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
	var flood []dns.RR
	for n := range 1000 {
		flood = append(flood, record(t, fmt.Sprintf("a. 1 IN TXT %q", strings.Repeat("z", n%250))))
	}
	if got := mismatch(flood, regexp.MustCompile("y")); len(got) > 500 {
		t.Errorf("a reason of %d bytes", len(got))
	}
}
