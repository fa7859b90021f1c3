package config

import (
	"slices"
	"strconv"
	"strings"
)

// users are users of this host, by name or by number.
type users struct{ to *[]string }

func (v users) set(raw any) error {
	list, ok := raw.([]any)
	if !ok {
		list = []any{raw}
	}
	list = slices.Clone(list)
	for i, item := range list {
		if n, ok := item.(int); ok && n >= 0 { // a number in YAML is no text
			list[i] = strconv.Itoa(n)
		}
	}
	all := make([]string, len(list))
	for i, item := range list {
		s, _ := item.(string)
		number := s != "" && strings.Trim(s, "0123456789") == ""
		if _, err := strconv.ParseUint(s, 10, 32); number && err != nil || s == "" || strings.ContainsAny(s, ":/ ") || strings.HasPrefix(s, "-") {
			return want("users of this host, by name or by number, such as nagios or 997", item)
		}
		all[i] = s
	}
	*v.to = nil
	if len(all) > 0 {
		*v.to = all
	}
	return nil
}
func (v users) parse(words []string) error { return v.set(split(words)) }
func (v users) yaml() string               { return quoted(slices.Clone(*v.to)) }
