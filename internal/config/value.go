package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// option is one setting: its key, which is its flag too, where it goes, and what it is for.
type option struct {
	key string
	value
	doc string
}

// value is where a setting goes, and what it may be.
type value interface {
	// set takes what the file has, as YAML typed it.
	set(raw any) error
	// parse takes what flags have, each as it was written; at least one.
	parse(words []string) error
	// yaml writes it as the file would have it.
	yaml() string
}

func last(words []string) string { return words[len(words)-1] }

// want says what was expected and what was found instead.
func want(what string, raw any) error { return fmt.Errorf("want %s, not %s", what, describe(raw)) }

func describe(raw any) string {
	switch x := raw.(type) {
	case string:
		return strconv.Quote(x)
	case bool:
		return strconv.FormatBool(x)
	case nil:
		return "nothing"
	case float64:
		s := strconv.FormatFloat(x, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0" // 1 would have been a number
		}
		return s
	case []any:
		return "a list"
	case map[string]any, map[any]any:
		return "a section"
	default:
		return fmt.Sprint(x)
	}
}

type text struct{ to *string }

func (v text) set(raw any) error {
	s, ok := raw.(string)
	if !ok {
		return want("text in quotes", raw)
	}
	*v.to = s
	return nil
}
func (v text) parse(words []string) error { return v.set(last(words)) }
func (v text) yaml() string               { return strconv.Quote(*v.to) }

// release is a version of a program.
type release struct{ to *string }

var releaseForm = regexp.MustCompile(`^([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})?$`)

func (v release) set(raw any) error {
	s, ok := raw.(string)
	if !ok || !releaseForm.MatchString(s) {
		return want("a version such as 2.2.7", raw)
	}
	*v.to = s
	return nil
}
func (v release) parse(words []string) error { return v.set(last(words)) }
func (v release) yaml() string               { return text(v).yaml() }

// namespace is the name of a network namespace, as ip-netns(8) has it: a file of that name stands for it.
type namespace struct{ to *string }

func (v namespace) set(raw any) error {
	s, ok := raw.(string)
	if !ok || s == "." || s == ".." || strings.ContainsAny(s, "/\x00") {
		return want("the name of a network namespace, as \"ip netns\" lists it", raw)
	}
	*v.to = s
	return nil
}
func (v namespace) parse(words []string) error { return v.set(last(words)) }
func (v namespace) yaml() string               { return text(v).yaml() }

// file is an absolute path: a relative one would depend on where the daemon was started.
type file struct {
	to       *string
	optional bool
}

func (v file) set(raw any) error {
	s, ok := raw.(string)
	switch {
	case !ok:
		return want("a path", raw)
	case s == "" && !v.optional:
		return errors.New("may not be empty")
	case s != "" && !filepath.IsAbs(s):
		return fmt.Errorf("want a path that begins with /, not %q", s)
	case strings.ContainsRune(s, 0):
		return fmt.Errorf("no path has a zero byte: %q", s)
	}
	*v.to = s
	return nil
}
func (v file) parse(words []string) error { return v.set(last(words)) }
func (v file) yaml() string               { return text{v.to}.yaml() }

// fileOr is a path or a word.
type fileOr struct {
	file
	word string
}

func (v fileOr) set(raw any) error {
	if raw == v.word {
		*v.to = v.word
		return nil
	}
	if err := v.file.set(raw); err != nil {
		return want("a path that begins with /, or "+v.word, raw)
	}
	return nil
}
func (v fileOr) parse(words []string) error { return v.set(last(words)) }

type choice struct {
	to   *string
	from []string
}

func (v choice) set(raw any) error {
	s, ok := raw.(string)
	if !ok || !slices.Contains(v.from, s) {
		return want(either(v.from), raw)
	}
	*v.to = s
	return nil
}
func (v choice) parse(words []string) error { return v.set(last(words)) }
func (v choice) yaml() string               { return *v.to }

type level struct{ to *slog.Level }

func (v level) set(raw any) error {
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if raw == strings.ToLower(l.String()) {
			*v.to = l
			return nil
		}
	}
	return want("debug, info, warn or error", raw)
}
func (v level) parse(words []string) error { return v.set(last(words)) }
func (v level) yaml() string               { return strings.ToLower(v.to.String()) }

type truth struct{ to *bool }

func (v truth) set(raw any) error {
	b, ok := raw.(bool)
	switch {
	case ok:
		*v.to = b
		return nil
	case raw == "true" || raw == "false":
		return want("true or false without quotes", raw)
	default:
		return want("true or false", raw)
	}
}

func (v truth) parse(words []string) error {
	switch s := last(words); s {
	case "true", "false":
		*v.to = s == "true"
		return nil
	default:
		return want("true or false", s)
	}
}
func (v truth) yaml() string { return strconv.FormatBool(*v.to) }

type whole struct {
	to       *int
	min, max int
}

func (v whole) set(raw any) error {
	n, ok := raw.(int)
	if !ok || n < v.min || n > v.max {
		return want(fmt.Sprintf("a whole number from %d to %d", v.min, v.max), raw)
	}
	*v.to = n
	return nil
}

func (v whole) parse(words []string) error {
	n, err := strconv.Atoi(last(words))
	if err != nil {
		return v.set(last(words))
	}
	return v.set(n)
}
func (v whole) yaml() string { return strconv.Itoa(*v.to) }

// span is a duration.
type span struct {
	to       *time.Duration
	min, max time.Duration
}

func (v span) set(raw any) error {
	s, ok := raw.(string)
	d, err := time.ParseDuration(s)
	if !ok || err != nil {
		return want("a duration with its unit, such as 500ms, 2s or 1m", raw)
	}
	if d < v.min || d > v.max {
		return want(fmt.Sprintf("a duration from %s to %s", short(v.min), short(v.max)), raw)
	}
	*v.to = d
	return nil
}
func (v span) parse(words []string) error { return v.set(last(words)) }
func (v span) yaml() string               { return short(*v.to) }

// spanOrNever is a duration, or 0s for never.
type spanOrNever struct{ span }

func (v spanOrNever) set(raw any) error {
	if s, ok := raw.(string); ok {
		if d, err := time.ParseDuration(s); err == nil && d == 0 {
			*v.to = 0
			return nil
		}
	}
	if err := v.span.set(raw); err != nil {
		return fmt.Errorf("%w, or 0s for never", err)
	}
	return nil
}
func (v spanOrNever) parse(words []string) error { return v.set(last(words)) }

// short writes 24h0m0s as 24h.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// words reads a list of texts. A single text is a list of one.
func words(raw any, what string) ([]string, error) {
	if s, ok := raw.(string); ok {
		return []string{s}, nil
	}
	list, ok := raw.([]any)
	if !ok {
		return nil, want("a list of "+what, raw)
	}
	all := make([]string, len(list))
	for i, x := range list {
		if all[i], ok = x.(string); !ok {
			return nil, fmt.Errorf("item %d: %w", i+1, want("text in quotes", x))
		}
	}
	return all, nil
}

func split(flags []string) []any {
	var all []any
	for _, flag := range flags {
		for word := range strings.SplitSeq(flag, ",") {
			if word = strings.TrimSpace(word); word != "" {
				all = append(all, word)
			}
		}
	}
	return all
}

func quoted(list []string) string {
	for i, s := range list {
		list[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(list, ", ") + "]"
}

type addresses struct{ to *[]string }

func (v addresses) set(raw any) error {
	all, err := words(raw, "addresses")
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New("want one address at least")
	}
	for _, s := range all {
		_, port, err := net.SplitHostPort(s)
		if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > math.MaxUint16 {
			return want("ADDRESS:PORT such as :9741 or [::1]:9741", s)
		}
	}
	*v.to = all
	return nil
}
func (v addresses) parse(words []string) error { return v.set(split(words)) }
func (v addresses) yaml() string               { return quoted(slices.Clone(*v.to)) }

type patterns struct{ to *[]Pattern }

func (v patterns) set(raw any) error {
	list, err := words(raw, "networks, addresses and marks")
	if err != nil {
		return err
	}
	all := make([]Pattern, 0, len(list))
	for _, s := range list {
		p, err := ParsePattern(s)
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	*v.to = all
	return nil
}
func (v patterns) parse(words []string) error { return v.set(split(words)) }
func (v patterns) yaml() string {
	var all []string
	for _, p := range *v.to {
		all = append(all, p.String())
	}
	return quoted(all)
}
