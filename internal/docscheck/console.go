package docscheck

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Command is a line with a prompt, what it printed in the document, and the exit status that is expected.
type Command struct {
	Line, Output string
	Status       int
}

// Console takes a block of the kind console apart.
func (b Block) Console() ([]Command, error) {
	var all []Command
	for line := range strings.Lines(b.Text) {
		if command, ok := prompted(line); ok {
			all = append(all, Command{Line: strings.TrimSpace(command)})
			continue
		}
		if len(all) == 0 {
			return nil, fmt.Errorf(`%s: the first line is no command: it has neither "$ " nor "# " before it`, b)
		}
		all[len(all)-1].Output += line
	}
	if exit := b.Args["exit"]; exit != "" {
		statuses := strings.Split(exit, ",")
		if len(statuses) != len(all) {
			return nil, fmt.Errorf("%s: exit=%s, and there are %d commands", b, exit, len(all))
		}
		for i := range all {
			n, err := strconv.Atoi(statuses[i])
			if err != nil {
				return nil, fmt.Errorf("%s: exit=%s: %w", b, exit, err)
			}
			all[i].Status = n
		}
	}
	return all, nil
}

func prompted(line string) (string, bool) {
	if command, ok := strings.CutPrefix(line, "$ "); ok {
		return command, true
	}
	return strings.CutPrefix(line, "# ")
}

// Prints reports whether an output has the shape that the document shows: the same words and addresses, any numbers, times and
// blanks, and anything for an ellipsis.
func (c Command) Prints(got string) bool {
	var parts []string
	for part := range strings.SplitSeq(c.Output, "…") {
		parts = append(parts, regexp.QuoteMeta(shape(part)))
	}
	return regexp.MustCompile("^(?s:" + strings.Join(parts, ".*") + ")$").MatchString(shape(got))
}

var (
	// A word may be an address, a name or a number; colons and dots at its ends are punctuation.
	word   = regexp.MustCompile(`[\pL\pN_.:%-]+`)
	number = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?(ns|µs|ms|s|%)?$`)
	place  = regexp.MustCompile(`\.conf:[0-9]+`)
	blanks = regexp.MustCompile(`\s+`)
)

// shape is a text without what differs from run to run.
func shape(text string) string {
	text = word.ReplaceAllStringFunc(text, func(w string) string {
		bare := strings.Trim(w, ".:")
		if !number.MatchString(bare) {
			return w
		}
		return strings.Replace(w, bare, "N", 1)
	})
	return blanks.ReplaceAllString(place.ReplaceAllString(text, ".conf:N"), "")
}
