package probe_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/fallback/probe"
)

// A tracked file has the number that strtol with base 0 reads (process_track_file in track_file.c): it is what the weight of the real
// server is made of.
func TestNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "number")
	checker, global := "FILE_CHECK {\n track_file f\n}", "track_file f {\n file "+path+"\n weight 1\n}"
	p := configured(t, global, checker, probe.Options{})
	for text, want := range map[string]int64{
		"0": 0, "1\n": 1, "-1": -1, "+7": 7, "254": 254, "-2147483648": math.MinInt32, "  \t\n12": 12, "5 6": 5, "5-6": 5, "5.9": 5, "1e3": 1,
		"0x10": 16, "0X1f": 31, "-0x10": -16, "0x": 0, "0xg": 0, "1f": 1, // hexadecimal
		"010": 8, "08": 0, "017 ": 15, "0o7": 0, // octal, as C writes it
		"0b101": 5, "-0B1": -1, // binary, as glibc reads it from 2.38 on (__isoc23_strtol in keepalived of Debian 13)
		"1_000": 1, // Go's alone
		"":      0, "up": 0, "-": 0, "--5": 0, "+-5": 0, " ": 0, "a1": 0,
		"9223372036854775807": math.MaxInt64, "99999999999999999999": math.MaxInt64, "-99999999999999999999x": math.MinInt64,
		strings.Repeat(" ", 126) + "57": 5, // no more than 127 bytes are read
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if r := p(t.Context()); !r.Pass || r.Unknown || r.Value != want {
			t.Errorf("%q: %+v, want %d", text, r, want)
		}
	}
}

// A file that is there and cannot be read says nothing; one that is not there is 0, as for keepalived.
func TestUnreadableFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "number")
	p := configured(t, "track_file f {\n file "+path+"\n weight 1\n}", "FILE_CHECK {\n track_file f\n}", probe.Options{})
	if r := p(t.Context()); !r.Pass || r.Value != 0 {
		t.Errorf("no file: %+v", r)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	expect(t, p(t.Context()), "unknown", "is a directory")
}
