package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// shells asks the real shells, as far as they are here.
func shells(t *testing.T, b built) {
	for _, p := range programs {
		h, err := ask(b.bin, p.name)
		if err != nil {
			t.Fatal(err)
		}
		wanted := map[string][]string{} // what is offered at the end of a line
		for _, c := range places(h) {
			line := strings.TrimSpace(p.name + " " + c.command)
			var all []string
			for _, o := range c.flags {
				all = append(all, "--"+o.name)
				if len(o.values) > 0 {
					wanted[line+" --"+o.name+"="] = o.values
				}
			}
			if len(all) > 0 {
				wanted[line+" --"] = all
			}
		}
		if len(h.commands) > 0 {
			wanted[p.name+" "] = commandNames(h)
		}
		lines := slices.Sorted(maps.Keys(wanted))
		for _, s := range []struct{ shell, source string }{
			{"bash", filepath.Join(b.share, "bash-completion/completions", p.name)},
			{"zsh", filepath.Join(b.share, "zsh/vendor-completions")},
			{"fish", filepath.Join(b.share, "fish/vendor_completions.d", p.name+".fish")},
		} {
			t.Run(p.name+" in "+s.shell, func(t *testing.T) {
				if _, err := exec.LookPath(s.shell); err != nil {
					t.Skipf("no %s here: it comes with a package of the same name", s.shell)
				}
				offered := complete(t, s.shell, s.source, lines)
				for _, line := range lines {
					got := offered[line]
					for _, w := range wanted[line] {
						if !slices.Contains(got, w) {
							t.Errorf("%q: %s is not offered, but %q", line, w, got)
						}
					}
					for _, g := range got {
						isFlag := strings.HasPrefix(g, "--") && g != "--" && !strings.HasSuffix(g, "=") // zsh shows lines too
						if strings.HasSuffix(line, " --") && isFlag && !slices.Contains(wanted[line], g) {
							t.Errorf("%q: %s is offered too", line, g)
						}
					}
				}
			})
		}
	}
}

// complete has a shell complete lines, and returns the words that it prints for each.
func complete(t *testing.T, shell, source string, lines []string) map[string][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args := []string{"testdata/complete." + shell, source}
	switch shell {
	case "zsh":
		args = append([]string{"-f"}, args...)
	case "fish":
		args = []string{"--no-config", "-c", `source $argv[1]; for line in $argv[2..]; echo "== $line"; complete -C "$line"; end`, source}
	}
	cmd := exec.CommandContext(ctx, shell, append(args, lines...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s: %v\n%s", shell, err, &stderr)
	}
	offered, line := map[string][]string{}, ""
	for l := range strings.Lines(string(out)) {
		l = strings.TrimRight(l, "\r\n")
		if name, is := strings.CutPrefix(l, "== "); is {
			line = name
			continue
		}
		switch shell {
		case "zsh": // columns of words, or "word  -- text"
			word, _, _ := strings.Cut(l, "  -- ")
			offered[line] = append(offered[line], strings.Fields(word)...)
		case "fish": // fish has --flag=value for the whole word
			word, _, _ := strings.Cut(l, "\t")
			if _, value, is := strings.Cut(word, "="); is {
				word = value
			}
			offered[line] = append(offered[line], word)
		default:
			offered[line] = append(offered[line], l)
		}
	}
	return offered
}
