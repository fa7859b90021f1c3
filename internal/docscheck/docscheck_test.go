package docscheck

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/promcheck"
)

// documents are all blocks of the repository; those without a marker, or with a wrong one, fail the test.
func documents(t *testing.T) []Block {
	t.Helper()
	root, err := promcheck.Root()
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := Documents(os.DirFS(root))
	if err != nil {
		t.Errorf("%v", err)
	}
	if len(blocks) == 0 {
		t.Fatal("there are no blocks")
	}
	return blocks
}

// played are the documents whose blocks with on= a test plays from the beginning, each on a stage of its own.
var played = []string{"docs/forwarding.md", "docs/two-directors.md"}

// TestEveryBlockSaysHowItIsRun counts those that run, and lists those that can't, with the reasons.
func TestEveryBlockSaysHowItIsRun(t *testing.T) {
	blocks := documents(t)
	byKind := map[string]int{}
	cannot := 0
	for _, b := range blocks {
		if b.Kind == "" {
			cannot++
			t.Logf("not run: %s: %s", b, b.Reason)
		}
		if b.Args["on"] != "" && !slices.Contains(played, b.File) {
			t.Errorf("%s: no test plays this document: take on= out, or add one", b)
		}
		byKind[b.Kind]++
	}
	for _, k := range Kinds {
		if !k.Host && !k.Lab {
			t.Errorf("%s is run nowhere", k.Name)
		}
		if byKind[k.Name] == 0 {
			t.Errorf("no block is %s: take the kind out, or mend the marker", k.Name)
		}
		t.Logf("%2d %s: %s", byKind[k.Name], k.Name, k.Does)
	}
	t.Logf("%d blocks: %d are run, %d cannot be", len(blocks), len(blocks)-cannot, cannot)
}

func TestRead(t *testing.T) {
	const good = "Text\n<!-- run: console exit=0,2 after=removal -->\n```sh\n$ a\nout\n# b\n```\n\n- in a list\n  <!-- not run: a drawing -->\n  ~~~~\n  ```\n  ~~~~\n"
	blocks, err := Read("x.md", good)
	if err != nil || len(blocks) != 2 {
		t.Fatalf("%v, %v", blocks, err)
	}
	if b := blocks[0]; b.String() != "x.md:3" || b.Kind != "console" || b.Text != "$ a\nout\n# b\n" || b.Args["exit"] != "0,2" ||
		b.Args["after"] != "removal" {
		t.Errorf("%+v", b)
	}
	if b := blocks[1]; b.Kind != "" || b.Reason != "a drawing" || b.Text != "  ```\n" {
		t.Errorf("%+v", b)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"no marker":            {"Text\n```\nls\n```\n", "x.md:2: say how it is run"},
		"marker too early":     {"<!-- run: sh -->\n\n```\nls\n```\n", "x.md:3: say how it is run"},
		"at the beginning":     {"```\nls\n```\n", "x.md:1: say how it is run"},
		"no kind":              {"<!-- run: -->\n```\nls\n```\n", "say how it is run"},
		"no reason":            {"<!-- not run: -->\n```\nls\n```\n", "say how it is run"},
		"no such kind":         {"<!-- run: shell -->\n```\nls\n```\n", `"shell" is no way to run a block; there are keepalived, `},
		"no such argument":     {"<!-- run: sh status=2 -->\n```\nls\n```\n", `"status=2" means nothing to sh: a shell`},
		"of another kind":      {"<!-- run: keepalived exit=2 -->\n```\nls\n```\n", `"exit=2" means nothing to keepalived`},
		"a word":               {"<!-- run: sh ls -->\n```\nls\n```\n", `"ls" means nothing to sh`},
		"no end":               {"<!-- run: sh -->\n```\nls\n", "the block has no end"},
		"by indentation":       {"Text\n\n    ls\n    ls\n", "x.md:3: a block by indentation"},
		"by a tab":             {"Text\n\n\tls\n", "x.md:3: a block by indentation"},
		"by indentation, mark": {"Text\n<!-- run: sh -->\n    ls\n", "x.md:3: a block by indentation"},
	} {
		if blocks, err := Read("x.md", tt.text); err == nil || !strings.Contains(err.Error(), tt.want) || len(blocks) > 0 {
			t.Errorf("%s: %v, %v; want %s", name, blocks, err, tt.want)
		}
	}
	// All mistakes are told at once, and a line that goes on is none.
	_, err = Read("x.md", "```\na\n```\n- text\n    that goes on\n```\nb\n```\n\n    c\n    d\n")
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("%v, want three mistakes", err)
	}
}

func TestDocuments(t *testing.T) {
	block := &fstest.MapFile{Data: []byte("<!-- run: sh -->\n```\nls\n```\n")}
	unmarked := &fstest.MapFile{Data: []byte("```\nls\n```\n")}
	repository := fstest.MapFS{
		"README.md": block, "CONTRIBUTING.md": block, "docs/a.md": block, "docs/b.md": unmarked,
		"docs/decisions/0001.md": unmarked, "docs/evidence/x.txt": unmarked,
	}
	blocks, err := Documents(repository)
	if len(blocks) != 3 || err == nil || err.Error() != "docs/b.md:1: "+howToMark {
		t.Errorf("%v, %v", blocks, err)
	}
	delete(repository, "README.md")
	if _, err := Documents(repository); err == nil || !strings.Contains(err.Error(), "README.md") {
		t.Errorf("without README.md: %v", err)
	}
}

func TestConsole(t *testing.T) {
	b := Block{Text: "$ check a\nPASS in 1.2ms\n# check b\n", Args: map[string]string{"exit": "0,1"}}
	commands, err := b.Console()
	if err != nil || len(commands) != 2 || commands[0] != (Command{"check a", "PASS in 1.2ms\n", 0}) ||
		commands[1] != (Command{"check b", "", 1}) {
		t.Errorf("%v, %v", commands, err)
	}
	for _, b := range []Block{
		{Text: "PASS\n"},
		{Text: "$ a\n", Args: map[string]string{"exit": "0,1"}},
		{Text: "$ a\n", Args: map[string]string{"exit": "good"}},
	} {
		if commands, err := b.Console(); err == nil {
			t.Errorf("%v: %v", b, commands)
		}
	}
}

func TestPrints(t *testing.T) {
	const pass = "PASS 192.0.2.1:53 example.com. SOA both: NOERROR, 1 answer, 101 bytes in 1.2ms\n"
	for _, tt := range []struct {
		document, got string
		want          bool
	}{
		{pass, "PASS 192.0.2.1:53 example.com. SOA both: NOERROR, 2 answer, 98 bytes in 700.5µs\n", true},
		{pass, "PASS 192.0.2.2:53 example.com. SOA both: NOERROR, 1 answer, 101 bytes in 1.2ms\n", false},
		{pass, "PASS 192.0.2.1:53 example.com. SOA both: NOERROR, 1 answer, 101 bytes in 1.2ms (2 tries)\n", false},
		{pass, "FAIL 192.0.2.1:53 example.com. SOA both: NOERROR, 1 answer, 101 bytes in 1.2ms\n", false},
		{pass, "", false},
		{"", "", true},
		{"", "text", false},
		{"{\"size\":101,\n \"latency_seconds\":0.00041}", `{"size":7,"latency_seconds":1}`, true},
		{`{"size":101}`, `{"sizes":101}`, false},
		{`{"size":101}`, `{"size":null}`, false},
		{"keepalived.conf:13) is wrong", "keepalived.conf:2)  is\nwrong", true},
		{"their packets are dropped. …\nRun it", "their packets are dropped. Nobody can help.\nRun it", true},
		{"their packets are dropped. …\nRun it", "their packets are dropped. Nobody can help.\nRun that", false},
		{"a (…); b", "a (x(y)); b", true},
	} {
		if got := (Command{Output: tt.document}).Prints(tt.got); got != tt.want {
			t.Errorf("%q against %q: %t, want %t", tt.document, tt.got, got, tt.want)
		}
	}
}

// planted reads testdata/broken.md: each block is broken, and the line before its marker says how that must be found out.
func planted(t *testing.T) map[string][]Block {
	t.Helper()
	const file = "testdata/broken.md"
	text, err := fs.ReadFile(os.DirFS("."), file)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := Read(file, string(text))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]Block{}
	lines := strings.Split(string(text), "\n")
	for _, b := range blocks {
		want, ok := strings.CutPrefix(lines[b.Line-3], "<!-- want: ")
		if b.Reason = strings.TrimSuffix(want, " -->"); !ok {
			t.Fatalf("%s: no line says what must be found", b)
		}
		all[b.Kind] = append(all[b.Kind], b)
	}
	for _, k := range Kinds {
		if len(all[k.Name]) == 0 {
			t.Errorf("%s has no broken block of the kind %s", file, k.Name)
		}
	}
	return all
}

// fails runs the broken blocks of one kind, which must be found out, with one of the reasons between bars.
func fails(t *testing.T, blocks []Block, run func(Block) error) {
	t.Helper()
	for _, b := range blocks {
		switch err := run(b); {
		case err == nil:
			t.Errorf("%s is broken, and was not found out; want %s", b, b.Reason)
		case !slices.ContainsFunc(strings.Split(b.Reason, " | "), func(want string) bool { return strings.Contains(err.Error(), want) }):
			t.Errorf("%s: %v; want %s", b, err, b.Reason)
		}
	}
}
