package policy

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// programs lists the files that are programs: "go build" leaves one where it is called, and "git add" takes it. What git ignores is left
// out: bin/, and what "go test -c" makes.
func programs(root fs.FS) ([]string, error) {
	var all []string
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != "." && (file == "bin" || strings.HasPrefix(path.Base(file), ".")):
			return fs.SkipDir
		case !d.Type().IsRegular() || path.Ext(file) == ".test":
			return nil
		}
		f, err := root.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		magic := make([]byte, 4)
		if _, err := io.ReadFull(f, magic); err == nil && bytes.Equal(magic, []byte("\x7fELF")) {
			all = append(all, file)
		}
		return nil
	})
	return all, err
}

func TestNoPrograms(t *testing.T) {
	found, err := programs(os.DirFS(repository))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		t.Errorf("%s is a program\n\tmend: remove it; go build -o bin/ puts programs where git ignores them", file)
	}
	elf := &fstest.MapFile{Data: []byte("\x7fELF\x02")}
	found, err = programs(fstest.MapFS{
		"bin/p": elf, "p.test": elf, ".cache/p": elf, "p": elf, "cmd/p/p": elf, "cmd/p/main.go": {Data: []byte("p")},
		"empty": {},
	})
	if want := []string{"cmd/p/p", "p"}; err != nil || !slices.Equal(found, want) {
		t.Errorf("planted: %q, %v, want %q", found, err, want)
	}
}
