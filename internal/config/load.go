package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/viper"
)

// Flags are the settings that the command line has: for each key what was written, in order.
type Flags map[string][]string

// LoadExporter reads the file, then the flags, which have the last word. Without a file the
// defaults hold, unless the file was asked for by name.
func LoadExporter(path string, asked bool, flags Flags) (*Exporter, error) {
	e := NewExporter()
	return e, load(e.options(), path, asked, flags)
}

func load(options []option, path string, asked bool, flags Flags) error {
	content, err := os.ReadFile(path)
	if err != nil && (asked || !errors.Is(err, fs.ErrNotExist)) {
		return fmt.Errorf("read settings: %w", err)
	}
	if err == nil {
		if err := fromYAML(options, path, content); err != nil {
			return err
		}
	}
	return fromFlags(options, flags)
}

// separator joins the keys of nested sections inside viper. It is no dot, so that a dot in a key is just a dot.
const separator = "\x00"

// fromYAML sets what the file has, and reports all that is wrong with it, a line each.
func fromYAML(options []option, name string, content []byte) error {
	v := viper.NewWithOptions(viper.KeyDelimiter(separator))
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(content)); err != nil {
		var parse viper.ConfigParseError
		if errors.As(err, &parse) {
			err = parse.Unwrap()
		}
		return fmt.Errorf("%s: %s", name, explain(err))
	}
	var errs []error
	seen := map[string]bool{}
	keys := v.AllKeys()
	slices.Sort(keys)
	for _, key := range keys {
		raw := v.Get(key)
		key = strings.ReplaceAll(key, separator, ".")
		err := errors.New("is there twice, once with a dot in the key")
		if !seen[key] {
			seen[key] = true
			err = set(options, key, raw)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", name, key, err))
		}
	}
	return errors.Join(errs...)
}

// explain says in an operator's words what the YAML parser says in its own.
func explain(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "yaml: "), "unmarshal errors: ")
	line, _, cut := strings.Cut(text, ": cannot unmarshal ")
	switch {
	case cut:
		return line + ": want sections such as metrics:, with their settings below them"
	case strings.HasSuffix(text, "found character that cannot start any token"):
		return text + "; is it a tab? YAML wants spaces"
	default:
		return text
	}
}

func set(options []option, key string, raw any) error {
	for _, o := range options {
		switch {
		case o.key == key && raw == nil:
			return nil // A key without a value: the default.
		case o.key == key:
			return o.set(raw)
		case strings.HasPrefix(o.key, key+".") && raw == nil:
			return nil
		case strings.HasPrefix(o.key, key+"."):
			return fmt.Errorf("is a section: put its settings below it, such as %s: %s", strings.TrimPrefix(o.key, key+"."), o.yaml())
		case strings.HasPrefix(key, o.key+"."):
			return fmt.Errorf("%s is no section: write %s: %s", o.key, o.key[strings.LastIndexByte(o.key, '.')+1:], o.yaml())
		}
	}
	return errors.New("no such setting" + hint(options, key, ""))
}

// fromFlags sets what the command line has.
func fromFlags(options []option, flags Flags) error {
	var errs []error
	for _, o := range options {
		if words := flags[o.key]; len(words) > 0 {
			if err := o.parse(words); err != nil {
				errs = append(errs, fmt.Errorf("--%s: %w", o.key, err))
			}
		}
	}
	return errors.Join(errs...)
}

// hint names the key that was probably meant.
func hint(options []option, key, prefix string) string {
	best, least := "", 1+len(key)/3
	for _, o := range options {
		// The last word alone is often right, in the wrong section or in none.
		own := o.key[strings.LastIndexByte(o.key, '.')+1:]
		mine := key[strings.LastIndexByte(key, '.')+1:]
		for _, d := range []int{distance(key, o.key), 1 + distance(mine, own)} {
			if d < least {
				best, least = o.key, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + prefix + best + "?"
}

// distance is the number of letters to add, drop, change or swap with the next one (Damerau-Levenshtein).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
