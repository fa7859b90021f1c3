package docscheck

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// link is the target of a link or of a picture. What stands between backticks is code.
var (
	link = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	code = regexp.MustCompile("`[^`\n]*`")
)

// heading is one of CommonMark 4.2; its number of marks does not matter.
var heading = regexp.MustCompile(`^#{1,6} +(.*?)(?: +#+)?$`)

// Links names each link of a document that leads to a file or a heading which is not in the repository. Where else it leads is not
// looked at.
func Links(repository fs.FS, file string) error {
	text, err := fs.ReadFile(repository, file)
	if err != nil {
		return err
	}
	var errs []error
	for i, line := range prose(string(text)) {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			name, anchor, _ := strings.Cut(m[1], "#")
			if name = path.Join(path.Dir(file), name); strings.HasPrefix(m[1], "#") {
				name = file
			}
			if err := leads(repository, name, anchor); err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: %s: %w", file, i+1, m[1], err))
			}
		}
	}
	return errors.Join(errs...)
}

func leads(repository fs.FS, name, anchor string) error {
	if anchor == "" {
		_, err := fs.Stat(repository, name)
		return err
	}
	text, err := fs.ReadFile(repository, name)
	if err != nil {
		return err
	}
	for _, line := range prose(string(text)) {
		if m := heading.FindStringSubmatch(line); m != nil && anchorOf(m[1]) == anchor {
			return nil
		}
	}
	return errors.New("there is no such heading")
}

// prose is the lines of a document; those of fenced blocks are empty.
func prose(text string) []string {
	lines := strings.Split(text, "\n")
	open := ""
	for i, line := range lines {
		mark := fence.FindStringSubmatch(line)
		switch {
		case open != "":
			if closes(line, open) {
				open = ""
			}
			lines[i] = ""
		case mark != nil:
			open, lines[i] = mark[1], ""
		}
	}
	return lines
}

// dropped is what GitHub leaves out of the anchor of a heading: all but letters, digits, blanks, "-" and "_".
var dropped = regexp.MustCompile(`[^\pL\pN _-]`)

// anchorOf is the anchor that GitHub makes of a heading.
func anchorOf(heading string) string {
	text := link.ReplaceAllString(heading, "")
	return strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
}
