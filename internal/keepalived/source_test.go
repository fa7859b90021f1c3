package keepalived_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestIncludes has what each form of include makes of files that are not there: the kind of the note. All rows are what keepalived -t of 2.2.7
// says, whose status is 6 for those that are fatal (open_and_check_glob() and check_glob_file() in lib/parser.c, the same in 2.4.3).
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
		{pattern: "*/x.conf", strict: "ba"}, // it is not in e
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
