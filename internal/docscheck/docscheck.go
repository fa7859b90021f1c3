// Package docscheck answers one question: do the commands and configurations in
// the documents work? It reads the fenced blocks of README.md and docs/*.md and
// what each of them says about how it is run. Its tests run them: some on this
// host, most in the lab on a director with keepalived and name servers. They
// also hold every line of text to what a terminal shows.
package docscheck

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Block is a fenced block of a document, and how it is run.
type Block struct {
	File string // below the repository
	Line int    // of the fence that opens it
	Text string // between the fences

	Kind   string // how it is run; empty if it can't be
	Args   map[string]string
	Reason string // why it can't be run
}

// String says where the block is.
func (b Block) String() string { return fmt.Sprintf("%s:%d", b.File, b.Line) }

// Kind is one way to run a block.
type Kind struct {
	Name string
	Does string
	Host bool     // some of it is done in "go test ./...", without another kernel
	Lab  bool     // some of it is done in the lab
	Args []string // that a marker may have
}

// Kinds are all the ways to run a block. One with on= is run on these hosts, by the test that plays its document from the beginning.
var Kinds = []Kind{
	{Name: "keepalived", Does: "keepalived -t and lvsdns's own parser find nothing wrong with it", Host: true, Lab: true},
	{Name: "haproxy", Does: "HAProxy starts with it on a director, and all its servers are UP", Lab: true},
	{Name: "unbound", Does: "unbound-checkconf takes it", Lab: true},
	{Name: "named", Does: "named-checkconf takes it", Lab: true},
	{Name: "nsd", Does: "nsd-checkconf takes it", Lab: true},
	{Name: "knot", Does: "knotc conf-check takes it", Lab: true},
	{Name: "dnsdist", Does: "dnsdist --check-config takes it", Lab: true},
	{Name: "settings", Does: "check-config of program= takes it", Lab: true, Args: []string{"program"}},
	{Name: "prometheus", Does: "promtool check config takes it, with the rules of alerts/", Host: true},
	{Name: "nft", Does: "a shell runs it in a network namespace of this host that has the address 192.168.1.100", Host: true},
	{
		Name: "file", Does: "it becomes the file path= with the mode mode=, for later blocks of the document",
		Lab: true, Args: []string{"path", "mode", "on"},
	},
	{
		Name: "sh",
		Does: "a shell on a director runs it, and ends with the status exit=; needs=kernel: not where the kernel is this machine's, whose settings it changes",
		Lab:  true, Args: []string{"exit", "needs", "on"},
	},
	{
		Name: "console",
		Does: "after the event after= each line with a prompt is run on a director, ends with its status of exit=, such as 0,1, and prints what follows; retry=yes: soon",
		Lab:  true, Args: []string{"exit", "after", "on", "retry"},
	},
	{Name: "exporter", Does: "each line starts lvsdns-exporter on a director, and it serves until it is told to end", Lab: true},
	{Name: "answer", Does: "lvsdns-check --answer matches each line, of a real answer", Lab: true},
	{
		Name: "build",
		Does: "a shell in the repository runs it; of make it is only looked whether there is such a target, because it has made what the tests run",
		Lab:  true,
	},
}

// kind is the Kind of this name.
func kind(name string) (Kind, error) {
	var names []string
	for _, k := range Kinds {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, fmt.Errorf("%q is no way to run a block; there are %s", name, strings.Join(names, ", "))
}

// Documents reads all documents of the repository. Decisions and evidence tell of the past, and are not among them.
func Documents(repository fs.FS) ([]Block, error) {
	names, err := fs.Glob(repository, "docs/*.md")
	if err != nil {
		return nil, err
	}
	var all []Block
	var errs []error
	for _, name := range append([]string{"README.md", "CONTRIBUTING.md"}, names...) {
		text, err := fs.ReadFile(repository, name)
		if err != nil {
			return nil, err
		}
		blocks, err := Read(path.Clean(name), string(text))
		all, errs = append(all, blocks...), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// fence opens and closes a block (CommonMark 4.5); it may stand in a list.
var fence = regexp.MustCompile("^\\s*(```+|~~~+)(.*)$")

// Read finds the blocks of one document. An error names each block without a marker, and each marker that means nothing; the blocks
// without a mistake are returned with it.
func Read(file, text string) ([]Block, error) {
	var blocks []Block
	var errs []error
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		open := fence.FindStringSubmatch(lines[i])
		if open == nil {
			if isIndented(lines, i) {
				errs = append(errs, fmt.Errorf("%s:%d: a block by indentation can't say how it is run: put it between ``` and ```", file, i+1))
				for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "    ") {
					i++
				}
			}
			continue
		}
		b := Block{File: file, Line: i + 1}
		marker := ""
		if i > 0 {
			marker = lines[i-1]
		}
		for i++; i < len(lines) && !closes(lines[i], open[1]); i++ {
			b.Text += lines[i] + "\n"
		}
		if i == len(lines) {
			errs = append(errs, fmt.Errorf("%s: the block has no end", b))
			continue
		}
		if err := b.mark(marker); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", b, err))
			continue
		}
		blocks = append(blocks, b)
	}
	return blocks, errors.Join(errs...)
}

func closes(line, open string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, open) && strings.Trim(line, open[:1]) == ""
}

// isIndented reports whether line i begins an indented code block (CommonMark 4.4), which no paragraph goes before.
func isIndented(lines []string, i int) bool {
	indented := strings.HasPrefix(lines[i], "    ") || strings.HasPrefix(lines[i], "\t")
	return indented && strings.TrimSpace(lines[i]) != "" &&
		(i == 0 || strings.TrimSpace(lines[i-1]) == "" || strings.HasSuffix(lines[i-1], "-->"))
}

// marker is a comment on the line before the fence, which nobody sees who reads the page.
var marker = regexp.MustCompile(`^\s*<!-- (run|not run): (.+) -->$`)

const howToMark = `say how it is run, on the line before it: <!-- run: KIND --> or <!-- not run: REASON -->`

// mark reads the marker.
func (b *Block) mark(line string) error {
	m := marker.FindStringSubmatch(line)
	if m == nil {
		return errors.New(howToMark)
	}
	if m[1] == "not run" {
		b.Reason = strings.TrimSpace(m[2])
		return nil
	}
	words := strings.Fields(m[2])
	k, err := kind(words[0])
	if err != nil {
		return err
	}
	b.Kind, b.Args = k.Name, map[string]string{}
	for _, word := range words[1:] {
		key, value, ok := strings.Cut(word, "=")
		if !ok || value == "" || !slices.Contains(k.Args, key) {
			return fmt.Errorf("%q means nothing to %s: %s", word, k.Name, k.Does)
		}
		b.Args[key] = value
	}
	return nil
}
