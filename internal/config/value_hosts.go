package config

import (
	"net/netip"
	"slices"
	"strings"
)

// hosts are names under which a host is asked.
type hosts struct{ to *[]string }

func (v hosts) set(raw any) error {
	all, err := words(raw, "names")
	if err != nil {
		return err
	}
	for _, s := range all {
		if _, err := netip.ParseAddr(s); err == nil || s == "" || strings.ContainsAny(s, "/:*@ ") {
			return want("a host name such as lb1.example.net, without a port (every address is answered to)", s)
		}
	}
	*v.to = nil
	if len(all) > 0 {
		*v.to = all
	}
	return nil
}
func (v hosts) parse(words []string) error { return v.set(split(words)) }
func (v hosts) yaml() string               { return quoted(slices.Clone(*v.to)) }
