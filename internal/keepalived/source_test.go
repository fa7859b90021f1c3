package keepalived_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestIncludes has what each form of include makes of files that are not there: the kind of the note. All rows are what keepalived -t of
// 2.2.7 says, whose status is 6 for those that are fatal (open_and_check_glob() and check_glob_file() in lib/parser.c, the same in 2.4.3).
func TestIncludes(t *testing.T) {
	const plain, strict = "file", "fatal"
	for _, tt := range []struct {
		pattern string
		strict  string // the letters of the forms that are fatal; the others go on
		silent  string // "-" for the form without a letter: those that say nothing
	}{
		{pattern: "none.conf", strict: "mwa"},
		{pattern: "none*.conf", strict: "wa", silent: "-rmb"},
		{pattern: "{a,none}.conf", strict: "ba"},
		{pattern: "{none,nil}.conf", strict: "ba"}, // not m: with a brace it is for b alone
		{pattern: "{a*,none}.conf", strict: "ba"},
		{pattern: "{a*,none*}.conf", silent: "-rmwba"},
		{pattern: "d", strict: "rmwba"},
		{pattern: "run.conf", strict: "rmwba"},
		{pattern: "none/*.conf", strict: "mwa"},
		{pattern: "a.conf/*.conf", strict: "mwa"},
		{pattern: "*/none.conf", strict: "mwa"},
		{pattern: "*/none/*.conf", strict: "mwa"},
		{pattern: "d/*/none.conf", strict: "wa", silent: "-rmb"}, // no directory to miss it in
		{pattern: "*/x.conf", strict: "ba"},                      // it is not in e
		{pattern: "*/{x,none}.conf", strict: "ba"},
		{pattern: "[", strict: "wa", silent: "-rmb"}, // a class that does not end matches nothing
		{pattern: "{a", strict: "ba"},
	} {
		for _, form := range strings.Split("-rmwba", "") {
			want := plain
			if strings.Contains(tt.strict, form) {
				want = strict
			} else if strings.Contains(tt.silent, form) {
				want = ""
			}
			line := "include" + strings.Trim(form, "-") + " " + tt.pattern
			t.Run(line, func(t *testing.T) {
				o := options(line+"\n", "a.conf", "! ok\n", "d/x.conf", "", "e/y.conf", "")
				o.FS.(fstest.MapFS)["etc/keepalived/run.conf"] = &fstest.MapFile{Mode: 0o755}
				cfg, err := keepalived.Load("/etc/keepalived/keepalived.conf", o)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, n := range cfg.Notes {
					got = append(got, n.Kind.String())
				}
				if strings.Join(got, " ") != want {
					t.Errorf("%q, want %q: %v", got, want, cfg.Notes)
				}
			})
		}
	}
}

// TestIncludeCheck has the files with which include_check ends keepalived, by the status of keepalived -t of 2.2.7 (include_check_set()
// and end_file() in lib/parser.c).
func TestIncludeCheck(t *testing.T) {
	const all = "global_defs {\ninclude_check\n}\n"
	check := func(words string) string { return "global_defs {\ninclude_check " + words + "\n}\n" }
	for _, tt := range []struct {
		name, text, a string
		fatal         string // the place; empty: it goes on
	}{
		{name: "not there without it", text: "include none.conf\n"},
		{name: "all of it", text: all + "include none.conf\n", fatal: "keepalived.conf:4"},
		{name: "within its block", text: "global_defs {\ninclude_check\ninclude none.conf\n}\n", fatal: "keepalived.conf:3"},
		{name: "above it", text: "include none.conf\n" + all},
		{name: "read is not match", text: check("read") + "include none.conf\n"},
		{name: "match is read too", text: check("match") + "include d\n", fatal: "keepalived.conf:4"},
		{name: "match is not wildcard_match", text: check("match") + "include none*.conf\n"},
		{name: "a plus adds no read", text: check("+match") + "include d\n"},
		{name: "a plus adds match", text: check("+match") + "include none.conf\n", fatal: "keepalived.conf:4"},
		{name: "wildcard_match", text: check("wildcard_match") + "include none*.conf\n", fatal: "keepalived.conf:4"},
		{name: "brace_match", text: check("brace_match") + "include {a,none}.conf\n", fatal: "keepalived.conf:4"},
		{name: "a minus takes one away", text: all + check("-match") + "include none.conf\n"},
		{name: "a minus leaves the others", text: all + check("-match") + "include none*.conf\n", fatal: "keepalived.conf:7"},
		{name: "an unknown word takes all away", text: all + check("wildcard") + "include none.conf\n"},
		{name: "an unknown word with a sign does not", text: all + check("+wildcard") + "include none.conf\n", fatal: "keepalived.conf:7"},
		{name: "a sign behind an unknown word", text: all + check("oops +match") + "include none.conf\n", fatal: "keepalived.conf:7"},
		{name: "two signs are an unknown word", text: check("++match") + "include none.conf\n"},
		{name: "only the first word counts without a sign", text: check("read match") + "include none.conf\n"},
		{name: "inherited by a file", text: all + "include a.conf\n", a: "include none.conf\n", fatal: "a.conf:1"},
		{name: "within a file", text: "include a.conf\n", a: all + "include none.conf\n", fatal: "a.conf:4"},
		{name: "over at the end of its file", text: "include a.conf\ninclude none.conf\n", a: all},
		{name: "over at the end of its file of several", text: "include [a-b].conf\n", a: all},
		{
			name: "back at the end of the file that takes it away", text: all + "include a.conf\ninclude none.conf\n",
			a: check("-match"), fatal: "keepalived.conf:5",
		},
		{name: "a condition that does not hold", text: "@^host includem none.conf\n"},
		{name: "a condition that holds", text: "@host includem none.conf\n", fatal: "keepalived.conf:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := load(t, tt.text, "a.conf", tt.a, "b.conf", "include none.conf\n", "d/x.conf", "")
			fatal := ""
			for _, n := range cfg.Notes {
				if isFatal(n) {
					fatal += strings.TrimPrefix(n.Pos.String(), "/etc/keepalived/")
				}
			}
			if fatal != tt.fatal {
				t.Errorf("fatal at %q, want %q: %v", fatal, tt.fatal, cfg.Notes)
			}
		})
	}
}
