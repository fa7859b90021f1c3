package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"github.com/lvsdns/lvsdns/internal/bounded"
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
	content, err := bounded.ReadFile(path, bounded.Settings)
	if asked && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read settings: %w; without --config the defaults hold", err)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read settings: %w", err)
	}
	if err == nil {
		if err := fromYAML(options, path, content); err != nil {
			return err
		}
	}
	return fromFlags(options, flags)
}

// fromYAML sets what the file has, and reports all that is wrong with it, a line each.
func fromYAML(options []option, name string, content []byte) error {
	root, err := decode(name, content)
	if err != nil {
		return err
	}
	f := fromFile{options: options, seen: map[string]bool{}}
	f.section("", root)
	for i, err := range f.errs {
		f.errs[i] = fmt.Errorf("%s: %w", name, err)
	}
	return errors.Join(f.errs...)
}

// decode reads YAML, with its keys as they are written.
func decode(name string, content []byte) (map[string]any, error) {
	if line := secondDocument(content); line > 0 {
		return nil, fmt.Errorf("%s: line %d: here begins a second document, which nobody would read: take the --- out", name, line)
	}
	yaml, err := viper.NewCodecRegistry().Decoder("yaml")
	if err != nil {
		return nil, err
	}
	root := map[string]any{}
	if err := yaml.Decode(content, root); err != nil {
		return nil, fmt.Errorf("%s: %s", name, explain(err))
	}
	return root, nil
}

// secondDocument is the line of the mark that begins a second YAML document; 0 if there is none.
func secondDocument(content []byte) int {
	begun := false
	for i, line := range strings.Split(string(content), "\n") {
		line, _, _ = strings.Cut(strings.TrimSuffix(line, "\r"), " ")
		if line == "---" && begun {
			return i + 1
		}
		begun = begun || line != "" && !strings.HasPrefix(line, "#")
	}
	return 0
}

// fromFile goes through the sections of a file.
type fromFile struct {
	options []option
	seen    map[string]bool
	errs    []error
}

func (f *fromFile) section(prefix string, settings map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		key, raw := prefix+name, settings[name]
		inner, isMap := section(raw)
		switch {
		case isMap && isSection(f.options, key):
			f.section(key+".", inner)
		case f.seen[key]:
			f.errs = append(f.errs, fmt.Errorf("%s: is there twice, once with a dot in the key", key))
		default:
			f.seen[key] = true
			if err := set(f.options, key, raw); err != nil {
				f.errs = append(f.errs, fmt.Errorf("%s: %w", key, err))
			}
		}
	}
}

// section takes a section as YAML reads it, which depends on whether all of its keys are text.
func section(raw any) (map[string]any, bool) {
	switch m := raw.(type) {
	case map[string]any:
		return m, true
	case map[any]any:
		named := map[string]any{}
		for k, v := range m {
			named[fmt.Sprint(k)] = v
		}
		return named, true
	default:
		return nil, false
	}
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
		}
	}
	if _, isMap := section(raw); isMap {
		return errors.New("no such section" + hintSection(options, key))
	}
	return errors.New("no such setting" + hint(options, key))
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
