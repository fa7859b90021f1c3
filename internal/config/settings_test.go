package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// daemon is one whose settings are a fixed list of keys.
type daemon struct {
	name    string
	options func() []option
	load    func(path string, asked bool, flags Flags) (options []option, err error)
}

var daemons = []daemon{
	{"exporter", func() []option { return NewExporter().options() }, func(path string, asked bool, flags Flags) ([]option, error) {
		e, err := LoadExporter(path, asked, flags)
		return e.options(), err
	}},
	{"fallback", func() []option { return NewFallback().options() }, func(path string, asked bool, flags Flags) ([]option, error) {
		f, err := LoadFallback(path, asked, flags)
		return f.options(), err
	}},
}

// each calls f for every setting of every daemon.
func each(t *testing.T, f func(t *testing.T, d daemon, o option)) {
	t.Helper()
	for _, d := range daemons {
		for _, o := range d.options() {
			t.Run(d.name+"/"+o.key, func(t *testing.T) { f(t, d, o) })
		}
	}
}

// one is a file with one setting, as YAML has it.
func one(t *testing.T, key, value string) (path string) {
	t.Helper()
	return settingsFile(t, strings.ReplaceAll(key, ".", ": {")+": "+value+strings.Repeat("}", strings.Count(key, "."))+"\n")
}

func settingsFile(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// wrong are values that no setting of a kind takes, as YAML has them.
func wrong(v value) []string {
	const list, section = "[1, 2]", "{a: b}"
	switch v := v.(type) {
	case truth:
		return []string{`"true"`, "1", `"yes"`, "[true]", section}
	case truthOr:
		return []string{`"true"`, "1", `"yes"`, "Auto", `""`, "[true]", section}
	case logFormat:
		return []string{"xml", "LOGFMT", `""`, "1", "true", list, section}
	case whole:
		return []string{fmt.Sprint(v.min - 1), fmt.Sprint(v.max + 1), "1.5", fmt.Sprintf("%q", fmt.Sprint(v.min)), list, section, "true"}
	case span:
		return []string{`"5"`, "5", `"5 s"`, `"-1s"`, v.max.String() + "1ns", (v.max + time.Second).String(), list, section, "true"}
	case spanOrNever:
		return []string{`"5"`, "5", `"-1s"`, (v.min - 1).String(), (v.max + time.Second).String(), list, section}
	case choice:
		return []string{`"neither"`, strings.ToUpper(v.from[0]), `""`, "1", "true", list, section}
	case level:
		return []string{"INFO", "loud", `""`, "4", list, section}
	case file:
		return []string{"x/y", `"./x"`, `"~/x"`, "5", "true", list, section, `"/x\0"`}
	case fileOr:
		return []string{"x/y", "automatic", "5", list, section}
	case local:
		return []string{"x/y", `"192.0.2.1:6000"`, `"127.0.0.1"`, `"127.0.0.1:0"`, `"localhost:6000"`, `"[::]:6000"`, "5", list, section}
	case text:
		return []string{"5", "true", list, section, "1.5"}
	case release:
		return []string{"2.3", "2", `"2.3"`, `"v2.3.3"`, `"2.3.3-1"`, "newest", list, section}
	case namespace:
		return []string{`"../x"`, "/run/netns/x", `".."`, "5", list, section}
	case addresses:
		return []string{"[]", "9741", `"9741"`, `"127.0.0.1"`, `":65536"`, `":http"`, `"::1:9741"`, "[\":1\", 5]", section}
	case hosts:
		return []string{`"192.0.2.1"`, `"a:9741"`, `"http://a"`, `"*.example.com"`, `""`, "5", list, section}
	case users:
		return []string{`""`, "-1", "4294967296", `"a b"`, `"a:b"`, `"-x"`, "1.5", "true", "[nagios, [haproxy]]", section}
	case patterns:
		return []string{
			"dns1", "192.0.2.1/24", "192.0.2.0/33", "fwm:0", `"fwm:"`, "fwm:4294967296", `"2001:DB8::*"`, "5",
			"[192.0.2.1, 5]", section,
		}
	case interfaces:
		return []string{"any", `""`, "sixteen-letters-", `"eth 0"`, "eth/0", `"eth0:1"`, `".."`, "5", list, section}
	case ports:
		return []string{"[]", "0", "65536", "-1", "domain", "1.5", "[53, domain]", "[[53]]", section}
	case endpoints:
		return []string{
			`"192.0.2.1"`, `"192.0.2.1:0"`, `"192.0.2.1:domain"`, `"dns1:53"`, `"2001:db8::1:53"`,
			`"[fe80::1%eth0]:53"`, "53", list, section,
		}
	default:
		return nil
	}
}

// TestWrongValues gives every setting what it cannot be. Each time there is one line, which begins with the file and the key and says what
// is wanted, and the setting stays as it was. The messages of the first of these are in a golden that reads like a manual.
func TestWrongValues(t *testing.T) {
	var manual strings.Builder
	each(t, func(t *testing.T, d daemon, o option) {
		values := wrong(o.value)
		if len(values) < 4 {
			t.Fatalf("%T: which values are wrong?", o.value)
		}
		for i, value := range values {
			path := one(t, o.key, value)
			after, err := d.load(path, true, nil)
			if err == nil {
				t.Errorf("%s is taken", value)
				continue
			}
			message, ok := strings.CutPrefix(err.Error(), path+": ")
			if !ok || strings.Contains(message, "\n") || !strings.HasPrefix(message, o.key+": ") ||
				strings.Contains(message, "<nil>") || strings.Contains(message, "map[") {
				t.Errorf("%s: %v", value, err)
			}
			if !strings.Contains(message, "want") && !strings.Contains(message, "matches no address") &&
				!strings.Contains(message, "is an address within") &&
				!strings.Contains(message, "no path has") && !strings.Contains(message, "no address of the loopback") {
				t.Errorf("%s: it does not say what is wanted: %s", value, message)
			}
			if same := now(after, o.key); same != o.yaml() {
				t.Errorf("%s: it is %s now", value, same)
			}
			if i == 0 {
				fmt.Fprintf(&manual, "%s: %s\n", d.name, message)
			}
		}
	})
	golden(t, "testdata/wrong.golden", manual.String())
}

func now(all []option, key string) string {
	i := slices.IndexFunc(all, func(o option) bool { return o.key == key })
	return all[i].yaml()
}

// other is another value than the default, as YAML has it.
func other(o option) string {
	switch v := o.value.(type) {
	case truth:
		return map[string]string{"true": "false", "false": "true"}[o.yaml()]
	case truthOr:
		return v.word
	case logFormat:
		return "json"
	case whole:
		return fmt.Sprint(v.min + 1)
	case span:
		return short(v.min + 59*time.Millisecond)
	case spanOrNever:
		return short(v.min + 59*time.Millisecond)
	case choice:
		return v.from[len(v.from)-1-slices.Index(v.from, *v.to)%2]
	case level:
		return "error"
	case release:
		return `"2.2.7"`
	case text, namespace:
		return `"lb1"`
	case addresses:
		return `["127.0.0.1:9999", "[::1]:9999"]`
	case hosts:
		return `["lvs.example.net"]`
	case users:
		return `["nagios", "997"]`
	case patterns:
		return `["192.0.2.0/24", "2001:db8::*", "fwm:7"]`
	case interfaces:
		return `["eth1", "bond0.17"]`
	case ports:
		return `[54, 5353]`
	case endpoints:
		return `["192.0.2.1:53", "[2001:db8::1]:53"]`
	default: // paths
		return `"/x/y"`
	}
}

// TestRoundTrip: what a setting writes of itself is what makes it so again, in a file and, for one value, as a flag. No other setting
// moves.
func TestRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, d daemon, o option) {
		value := other(o)
		if value == o.yaml() {
			t.Fatalf("%s is the default", value)
		}
		flags := Flags{}
		if d.name == "fallback" && o.key == "freeze-keepalived" {
			flags["standby"] = []string{"true"}
		}
		after, err := d.load(one(t, o.key, value), true, flags)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range d.options() {
			want := x.yaml()
			if x.key == o.key {
				want = value
			} else if flags[x.key] != nil {
				continue
			}
			if got := now(after, x.key); got != want {
				t.Errorf("%s is %s, want %s", x.key, got, want)
			}
		}
		again, err := d.load(one(t, o.key, now(after, o.key)), true, flags)
		if err != nil || now(again, o.key) != value {
			t.Errorf("read again it is %s, %v", now(again, o.key), err)
		}
		flag := strings.NewReplacer(`"`, "", "[]", "", "[\"", "", "\"]", "").Replace(value)
		if strings.HasPrefix(value, "[") {
			flag = strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(value, `"`, ""), "["), "]")
		}
		flags[o.key] = []string{flag}
		byFlag, err := d.load(filepath.Join(t.TempDir(), "none"), false, flags)
		if err != nil || now(byFlag, o.key) != value {
			t.Errorf("--%s=%s makes it %s, %v", o.key, flag, now(byFlag, o.key), err)
		}
	})
}

// TestFlagsHaveTheLastWord: also where the file has the same setting, and where a flag puts the default back.
func TestFlagsHaveTheLastWord(t *testing.T) {
	each(t, func(t *testing.T, d daemon, o option) {
		if list := strings.HasPrefix(o.yaml(), "["); list && o.yaml() == "[]" {
			return // a flag cannot say none
		}
		flag := strings.Trim(strings.ReplaceAll(o.yaml(), `"`, ""), "[]")
		after, err := d.load(one(t, o.key, other(o)), true, Flags{o.key: {"not this one, but the last", flag}})
		switch o.value.(type) {
		case addresses, ports: // lists take all
			if err == nil {
				t.Error("the first is no address, and it is taken")
			}
			return
		}
		if err != nil || now(after, o.key) != o.yaml() {
			t.Errorf("it is %s, %v, want %s", now(after, o.key), err, o.yaml())
		}
	})
}

// TestLimitsOfNumbers: the least and the most are taken, and the message for one more names both.
func TestLimitsOfNumbers(t *testing.T) {
	each(t, func(t *testing.T, d daemon, o option) {
		var good, bad []string
		var limits string
		switch v := o.value.(type) {
		case whole:
			good, bad = []string{fmt.Sprint(v.min), fmt.Sprint(v.max)}, []string{fmt.Sprint(v.min - 1), fmt.Sprint(v.max + 1)}
			limits = fmt.Sprintf("a whole number from %d to %d", v.min, v.max)
		case span:
			good, bad = []string{v.min.String(), v.max.String()}, []string{(v.min - 1).String(), (v.max + 1).String()}
			limits = fmt.Sprintf("a duration from %s to %s", short(v.min), short(v.max))
		case spanOrNever:
			good, bad = []string{"0s", v.min.String(), v.max.String()}, []string{(v.min - 1).String(), (v.max + 1).String(), "1ns"}
			limits = fmt.Sprintf("a duration from %s to %s", short(v.min), short(v.max))
		default:
			return
		}
		for _, s := range good {
			if _, err := d.load(one(t, o.key, s), true, nil); err != nil {
				t.Errorf("%s: %v", s, err)
			}
		}
		for _, s := range bad {
			if _, err := d.load(one(t, o.key, s), true, nil); err == nil || !strings.Contains(err.Error(), limits) {
				t.Errorf("%s: %v", s, err)
			}
		}
	})
}

// TestKeyWithoutValue: the default holds, as if the line were not there.
func TestKeyWithoutValue(t *testing.T) {
	each(t, func(t *testing.T, d daemon, o option) {
		after, err := d.load(one(t, o.key, ""), true, nil)
		if err != nil || now(after, o.key) != o.yaml() {
			t.Errorf("it is %s, %v", now(after, o.key), err)
		}
	})
}

// TestUsageHasAll: every setting is in --help with its default, and in the reference with its explanation, each line of it short enough
// to read.
func TestUsageHasAll(t *testing.T) {
	usage := map[string]string{"exporter": ExporterUsage(), "fallback": FallbackUsage()}
	reference := map[string]string{"exporter": ExporterReference(), "fallback": FallbackReference()}
	each(t, func(t *testing.T, d daemon, o option) {
		if line := fmt.Sprintf("\n  --%s (default %s)\n", o.key, o.yaml()); !strings.Contains(usage[d.name], line) {
			t.Errorf("--help lacks %q", line)
		}
		for line := range strings.Lines(o.doc) {
			if len(line) > 150 || !strings.Contains(reference[d.name], "# "+line) {
				t.Errorf("the reference has %q not, or it is long", line)
			}
		}
		if first := o.doc[:1]; strings.ToUpper(first) != first &&
			!strings.Contains("debug text json backend keepalived", strings.TrimRight(strings.Fields(o.doc)[0], ":,'s")) {
			t.Errorf("it begins in the middle of a sentence: %s", o.doc)
		}
		if !strings.HasSuffix(o.doc, ".") && !strings.HasSuffix(o.doc, "web-configuration.md. Empty: everybody, without TLS.") {
			t.Errorf("it has no end: %s", o.doc)
		}
	})
}

// TestReferenceIsTheDefault: the file that shows everything changes nothing.
func TestReferenceIsTheDefault(t *testing.T) {
	got, err := LoadFallback(settingsFile(t, FallbackReference()), true, nil)
	if err != nil || !reflect.DeepEqual(got, NewFallback()) {
		t.Errorf("%+v, %v", got, err)
	}
}
