package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestKeep changes every setting, and looks what a running exporter takes of it and what it says to take a restart.
func TestKeep(t *testing.T) {
	other := map[string]string{
		"web.listen-address": `["127.0.0.1:9999"]`, "log.level": `debug`, "log.format": `json`, "metrics.detail": `service`, "metrics.allow": `["fwm:7"]`,
		"metrics.deny": `["fwm:8"]`, "keepalived.version": `"2.2.7"`, "keepalived.config-id": `"lb1"`, "keepalived.pid-file": `"/x"`,
		"checks.forget": `1h`, "keepalived.signal-interval": `1h`, "dns.role": `director`, "dns.interfaces": `["eth9"]`, "dns.ports": `[54]`, "dns.services": `["192.0.2.1:53"]`, "dns.top-zones": `name`, "dns.top-clients": `network`,
	}
	for _, o := range NewExporter().options() {
		value, ok := other[o.key]
		if !ok {
			switch o.value.(type) {
			case truth:
				value = map[string]string{"true": "false", "false": "true"}[o.yaml()]
			case span, spanOrNever:
				value = "59s"
			case whole:
				value = "17"
			case hosts:
				value = `["lvs.example.net"]`
			case users:
				value = `["nagios"]`
			default:
				value = `"/x/y"`
			}
		}
		section, key, _ := strings.Cut(o.key, ".")
		if last := strings.LastIndex(o.key, "."); last > len(section) { // web.config.file
			section, key = o.key[:last], o.key[last+1:]
		}
		text := value
		for _, part := range slices.Backward(append(strings.Split(section, "."), key)) {
			text = "{" + part + ": " + text + "}"
		}
		path := filepath.Join(t.TempDir(), "e.yaml")
		if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		next, err := LoadExporter(path, true, Flags{})
		if err != nil {
			t.Fatalf("%s: %v\n%s", o.key, err, text)
		}
		wanted := written(next, o.key)
		if wanted == o.yaml() {
			t.Fatalf("%s: %s is no change", o.key, value)
		}
		kept := next.Keep(NewExporter())
		switch fixed := slices.Contains(restarting(), o.key); {
		case fixed && (!slices.Equal(kept, []string{o.key}) || written(next, o.key) != o.yaml()):
			t.Errorf("%s takes a restart: kept %q, and it is %s", o.key, kept, written(next, o.key))
		case !fixed && (len(kept) > 0 || written(next, o.key) != wanted):
			t.Errorf("%s can change: kept %q, and it is %s, want %s", o.key, kept, written(next, o.key), wanted)
		}
	}
	for _, key := range restarting() {
		if written(NewExporter(), key) == "" {
			t.Errorf("%s is no setting", key)
		}
	}
}

func written(e *Exporter, key string) string {
	for _, o := range e.options() {
		if o.key == key {
			return o.yaml()
		}
	}
	return ""
}
