package config

import (
	"slices"
	"testing"
)

// TestKeep changes every setting, and looks what a running exporter takes of it and what it says to take a restart.
func TestKeep(t *testing.T) {
	for _, o := range NewExporter().options() {
		value := other(o)
		path := one(t, o.key, value)
		next, err := LoadExporter(path, true, Flags{})
		if err != nil {
			t.Fatalf("%s: %v", o.key, err)
		}
		wanted := now(next.options(), o.key)
		if wanted == o.yaml() {
			t.Fatalf("%s: %s is no change", o.key, value)
		}
		kept := next.Keep(NewExporter())
		switch fixed := slices.Contains(restarting(), o.key); {
		case fixed && (!slices.Equal(kept, []string{o.key}) || now(next.options(), o.key) != o.yaml()):
			t.Errorf("%s takes a restart: kept %q, and it is %s", o.key, kept, now(next.options(), o.key))
		case !fixed && (len(kept) > 0 || now(next.options(), o.key) != wanted):
			t.Errorf("%s can change: kept %q, and it is %s, want %s", o.key, kept, now(next.options(), o.key), wanted)
		}
	}
	all := NewExporter().options()
	for _, key := range restarting() {
		if !slices.ContainsFunc(all, func(o option) bool { return o.key == key }) {
			t.Errorf("%s is no setting", key)
		}
	}
}
