package docscheck

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxColumns is how long a line of a document may be: as much as a terminal beside another shows, and as much of a paragraph as a
// change should touch.
const maxColumns = 100

// markdown lists the documents of the repository. What is hidden is no part of it, and testdata is wrong on purpose.
func markdown(repository fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(repository, ".", func(name string, d fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(base, ".") || base == "testdata"):
			return fs.SkipDir
		case !d.IsDir() && path.Ext(base) == ".md":
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// Wide names each line of a document that is too long: all but those of a table and of a fenced block, which cannot be split, and those
// with no place to split them, such as a link.
func Wide(file, text string) error {
	var errs []error
	for i, line := range prose(text) {
		if n := utf8.RuneCountInString(line); n > maxColumns && !strings.HasPrefix(line, "|") && splits(line) {
			errs = append(errs, fmt.Errorf("%s:%d: %d columns: split it, %d at most", file, i+1, n, maxColumns))
		}
	}
	return errors.Join(errs...)
}

// item is what stands before the text of a line: the mark of a list, of a heading or of a quotation.
var item = regexp.MustCompile(`^\s*(?:[-*>]|#+|\d+\.)?\s*`)

// splits reports whether a line has a blank to split it at. A heading is one line (CommonMark 4.2), and is to be shorter instead.
func splits(line string) bool {
	return strings.Contains(strings.TrimSpace(line[len(item.FindString(line)):]), " ")
}
