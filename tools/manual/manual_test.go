package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const repository = "../.."

// stamp is the version that the linker is told.
const stamp = "v9.8.7-6-gabcdef0"

// built has the programs, and what is made from them.
type built struct {
	bin, share string
	files      map[string][]byte
}

func build(t *testing.T) built {
	t.Helper()
	dir := t.TempDir()
	b := built{bin: filepath.Join(dir, "bin"), share: filepath.Join(dir, "share")}
	link := "-X github.com/lvsdns/lvsdns/cmd/internal/version.linked=" + stamp
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", link, "-o", b.bin+"/", "./cmd/...")
	cmd.Dir, cmd.Env = repository, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var err error
	if b.files, err = write(b.bin, filepath.Join(repository, "packaging"), edition{stamp, time.Unix(1767225600, 0)}); err != nil {
		t.Fatal(err)
	}
	for name, content := range b.files {
		if err := save(filepath.Join(b.share, name), content); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// page is the source of a manual page.
func (b built) page(t *testing.T, name, section string) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b.files[manual(section, name+"."+section)]))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// run runs a program, and returns all that it prints. Its end is not judged here.
func (b built) run(name string, args ...string) string {
	out, _ := exec.Command(filepath.Join(b.bin, name), args...).CombinedOutput()
	return string(out)
}

// TestManual holds the pages and completions against the programs.
func TestManual(t *testing.T) {
	b := build(t)
	t.Run("every program", func(t *testing.T) { everyProgram(t, b) })
	t.Run("version", func(t *testing.T) { versions(t, b) })
	t.Run("flags", func(t *testing.T) { flags(t, b) })
	t.Run("values", func(t *testing.T) { values(t, b) })
	t.Run("examples", func(t *testing.T) { examples(t, b) })
	t.Run("settings", func(t *testing.T) { keys(t, b) })
	t.Run("man", func(t *testing.T) { lint(t, b, "man", "--warnings", "-l") })
	t.Run("mandoc", func(t *testing.T) { lint(t, b, "mandoc", "-Tlint") })
	t.Run("shells", func(t *testing.T) { shells(t, b) })
}

// Each program has a page, and each page a program.
func everyProgram(t *testing.T, b built) {
	var named []string
	for _, p := range programs {
		named = append(append(named, p.name), p.aka...)
	}
	slices.Sort(named)
	entries, err := os.ReadDir(b.bin)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	if !slices.Equal(named, all) {
		t.Errorf("the programs are %q, the pages %q: mend programs.go", all, named)
	}
	settings, err := filepath.Glob(filepath.Join(repository, "packaging", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range settings {
		base := filepath.Base(file)
		if base != "nfpm.yaml" && !slices.ContainsFunc(programs, func(p program) bool { return p.settings == base }) {
			t.Errorf("%s has no page: mend programs.go", base)
		}
	}
}

func versions(t *testing.T, b built) {
	for _, p := range programs {
		for _, name := range append(p.aka, p.name) {
			if got, want := b.run(name, "--version"), p.name+" "+stamp+"\n"; got != want {
				t.Errorf("%s --version = %q, want %q", name, got, want)
			}
		}
	}
}

var (
	flagOfHelp = regexp.MustCompile(`(?m)^  --?([a-z][\w.-]*)`)
	flagOfPage = regexp.MustCompile(`(?m)^\.BI? "?\\-\\-([a-z][\w.\\-]*)`)
	refused    = regexp.MustCompile(`no such flag|not defined|unknown flag|there is no command|neither a state nor`)
)

// words are the command lines that have a help of their own: the program's, and one for each command.
func words(h help) [][]string {
	all := [][]string{nil}
	for _, c := range h.commands {
		if len(c.groups) > 0 {
			all = append(all, []string{c.name})
		}
	}
	return all
}

// flags: each flag of each help is in the page, each flag in the page is taken by the program, and the shells offer just these.
func flags(t *testing.T, b built) {
	for _, p := range programs {
		h, err := ask(b.bin, p.name)
		if err != nil {
			t.Fatal(err)
		}
		inHelp, offered := map[string]bool{"help": true, "version": true}, map[string]bool{}
		for i, w := range words(h) {
			said := b.run(p.name, append(slices.Clone(w), "--help")...)
			if !strings.Contains(strings.ToLower(said), "usage: "+p.name) {
				t.Errorf("%s %q --help does not help:\n%s", p.name, w, said)
			}
			for _, m := range flagOfHelp.FindAllStringSubmatch(said, -1) {
				inHelp[m[1]] = true
			}
			c := places(h)[0]
			if i > 0 {
				c = places(h)[slices.Index(commandNames(h), w[0])+1]
			}
			for _, o := range c.flags {
				offered[o.name] = true
				value := map[bool]string{true: "--" + o.name, false: "--" + o.name + "=1"}[o.value == ""]
				if out := b.run(p.name, append(slices.Clone(w), value, "--help")...); refused.MatchString(out) {
					t.Errorf("%s %q does not take --%s, which its page and completion have:\n%s", p.name, w, o.name, out)
				}
			}
		}
		inPage := map[string]bool{}
		for _, m := range flagOfPage.FindAllStringSubmatch(b.page(t, p.name, p.section), -1) {
			inPage[strings.ReplaceAll(m[1], `\`, "")] = true
		}
		if !maps.Equal(inHelp, inPage) {
			t.Errorf("%s: --help has %q, the page %q", p.name, slices.Sorted(maps.Keys(inHelp)), slices.Sorted(maps.Keys(inPage)))
		}
		if !maps.Equal(inHelp, offered) {
			t.Errorf("%s: --help has %q, the completion %q", p.name, slices.Sorted(maps.Keys(inHelp)), slices.Sorted(maps.Keys(offered)))
		}
	}
}

// values: what is offered as a value is none that the program refuses. A check without a server, and check-config, do nothing else.
func values(t *testing.T, b built) {
	seen := 0
	for _, p := range programs {
		h, err := ask(b.bin, p.name)
		if err != nil {
			t.Fatal(err)
		}
		var only []string
		c := places(h)[0]
		if i := slices.Index(commandNames(h), "check-config"); i >= 0 {
			only, c = []string{"check-config"}, places(h)[i+1]
		} else if p.name != "lvsdns-check" {
			continue
		}
		for _, o := range c.flags {
			for _, v := range o.values {
				seen++
				if out := b.run(p.name, append(slices.Clone(only), "--"+o.name, v)...); strings.Contains(out, "--"+o.name+":") {
					t.Errorf("%s refuses --%s %s, which is offered: %s", p.name, o.name, v, out)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d values are offered", seen)
	}
}

var flagOfExample = regexp.MustCompile(`(?:^| )--([a-z][\w.-]*)`)

// examples: what the pages show is what there is.
func examples(t *testing.T, b built) {
	for _, p := range programs {
		h, err := ask(b.bin, p.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range p.examples {
			w := strings.Fields(x.what)
			if w[0] != p.name {
				if w[0] != "systemctl" {
					t.Errorf("%s: the example %q runs another program", p.name, x.what)
				}
				continue
			}
			have := h
			if i := slices.Index(commandNames(h), w[1]); i >= 0 {
				have = h.commands[i]
			}
			for _, m := range flagOfExample.FindAllStringSubmatch(x.what, -1) {
				if !slices.ContainsFunc(have.flags(), func(o option) bool { return o.name == m[1] }) {
					t.Errorf("%s: the example %q has a flag that there is not: --%s", p.name, x.what, m[1])
				}
			}
		}
	}
}

// keys: the page of a settings file has the keys that the file has. Those that are flags too are all the flags.
func keys(t *testing.T, b built) {
	key := regexp.MustCompile(`(?m)^\.B ([a-z][\w.\\-]*)$`)
	for _, p := range programs {
		if p.settings == "" {
			continue
		}
		var got []string
		for _, m := range key.FindAllStringSubmatch(b.page(t, p.name+".yaml", "5"), -1) {
			got = append(got, strings.ReplaceAll(m[1], `\`, ""))
		}
		text, err := os.ReadFile(filepath.Join(repository, "packaging", p.settings))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^(?:  )?([a-z][a-z.-]*):`).FindAllStringSubmatch(string(text), -1) {
			if !slices.ContainsFunc(got, func(k string) bool {
				return k == m[1] || strings.HasSuffix(k, "."+m[1]) || strings.HasPrefix(k, m[1]+".")
			}) {
				t.Errorf("%s.yaml(5) lacks %s", p.name, m[1])
			}
		}
		if p.settings == "notify.yaml" {
			continue // its keys are no flags
		}
		h, err := ask(b.bin, p.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range places(h)[slices.Index(commandNames(h), "check-config")+1].flags {
			if !slices.Contains([]string{"config", "help", "version"}, o.name) && !slices.Contains(got, o.name) {
				t.Errorf("%s.yaml(5) lacks %s, which --%[2]s sets", p.name, o.name)
			}
		}
	}
}

// lint has a program read each page. It must not say a word.
func lint(t *testing.T, b built, program string, args ...string) {
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("no %s here: it comes with a package of the same name (man: man-db)", program)
	}
	pages, err := filepath.Glob(filepath.Join(b.share, "man/man*/*.gz"))
	if err != nil || len(pages) < 10 {
		t.Fatalf("the pages are %q, %v", pages, err)
	}
	for _, file := range pages {
		cmd := exec.Command(program, append(slices.Clone(args), file)...)
		var said bytes.Buffer
		cmd.Env = append(os.Environ(), "MANWIDTH=80", "LC_ALL=C.UTF-8", "MANPAGER=cat")
		cmd.Stderr = &said
		if program == "mandoc" {
			cmd.Stdout = &said
		}
		if err := cmd.Run(); err != nil || said.Len() > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(file), err, &said)
		}
	}
}

// TestParse: a line of help that is not understood is an error, and so no flag is left out unseen.
func TestParse(t *testing.T) {
	for _, text := range []string{"", "usage: p\n   three blanks\n", "usage: p\n  --\n", "usage: p\n\n  --a\n      six blanks\n"} {
		if h, err := parse(text); err == nil {
			t.Errorf("%q is understood: %+v", text, h)
		}
	}
	h, err := parse("usage: p go [flags]  goes\n\nSays.\nExit status: 0, or 1.\n\n" +
		"First\n  --a [\"x\"]\n  -b, --c X   one or two, or\n        three\n\nwith go:\n  -d file\n    \ta `file` (default \"/etc/a\")\n")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%q %q %+v", h.about, h.exit, h.groups)
	want := `["Says."] "0, or 1." [{title:First flags:[{name:a value:["x"] repeat:false values:[] doc:[]} ` +
		`{name:b value:X repeat:false values:[] doc:[one or two, or three]} {name:c value:X repeat:false values:[] doc:[one or two, or three]}]}]`
	if got != want {
		t.Errorf("parse = %s, want %s", got, want)
	}
	if len(h.commands) != 1 {
		t.Fatalf("commands = %+v", h.commands)
	}
	c := h.commands[0]
	if c.name != "go" || c.brief != "goes" || len(c.flags()) != 4 || c.flags()[0].kind() != valueFile {
		t.Errorf("the command = %+v", c)
	}
}
