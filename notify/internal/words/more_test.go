package words

import (
	"errors"
	"strings"
	"testing"
)

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{"a": "a", "a\nb": "a; b", "\na\n\nb\n": "a; b", "": ""} {
		if got := OneLine(errors.New(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	joined := errors.Join(errors.New("first"), Around("(", errors.New("second"), ")"))
	if got := OneLine(joined); got != "first; (second)" {
		t.Error(got)
	}
}

func TestCheckName(t *testing.T) {
	for name, ok := range map[string]bool{
		"VI_1": true, "a b": true, `with "quotes"`: true, "ö": true, strings.Repeat("x", 1024): true, "": true,
		strings.Repeat("x", 1025): false, "a\nb": false, "a\tb": false, "\x7f": false, "\xff": false, "a\x00": false,
	} {
		if err := CheckName(name); (err == nil) != ok {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}
