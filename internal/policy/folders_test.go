package policy

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestFolders holds the table of folders in docs/architecture.md against the tree: each folder with Go files has a row, and each
// row names what there is. The programs below cmd and tools have the rows of these.
func TestFolders(t *testing.T) {
	root := os.DirFS(repository)
	document, err := fs.ReadFile(root, "docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := folders(string(document))
	if len(listed) < 20 {
		t.Fatalf("docs/architecture.md has a table of %d folders below its heading \"## Folders\"", len(listed))
	}
	for _, dir := range listed {
		if info, err := fs.Stat(root, dir); err != nil || !info.IsDir() {
			t.Errorf("docs/architecture.md: there is no folder %s: take it out of the table", dir)
		}
	}
	written, err := withGo(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range written {
		if !slices.Contains(listed, dir) {
			t.Errorf("the folder %s has no row in the table of docs/architecture.md: say there which question it answers", dir)
		}
	}
}

func TestFolderTable(t *testing.T) {
	const document = "# A\n\n| `a/` | no |\n\n## Folders\n\n| folder | the question |\n|---|---|\n| `b/` | `c` |\n| `d/e`, `f` | |\n\n## G\n\n| `h` | |\n"
	if got, want := folders(document), []string{"b", "d/e", "f"}; !slices.Equal(got, want) {
		t.Errorf("folders = %q, want %q", got, want)
	}
	if got := folders("# A\n"); got != nil {
		t.Errorf("without a table: %q", got)
	}
}

// folders are those in the first cells of the table below the heading.
func folders(document string) (all []string) {
	_, table, _ := strings.Cut(document, "\n## Folders\n")
	table, _, _ = strings.Cut(table, "\n## ")
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		for _, m := range inCode.FindAllStringSubmatch(first, -1) {
			all = append(all, path.Clean(m[1]))
		}
	}
	return all
}

// withGo are the folders that have Go files. What is hidden is not ours, and testdata is no part of the product.
func withGo(root fs.FS) (all []string, err error) {
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(base, ".") || base == "testdata"):
			return fs.SkipDir
		case !d.IsDir() && path.Ext(base) == ".go":
			dir := path.Dir(name)
			if top, _, _ := strings.Cut(dir, "/"); top == "cmd" || top == "tools" {
				dir = top
			}
			if !slices.Contains(all, dir) {
				all = append(all, dir)
			}
		}
		return nil
	})
	return all, err
}
