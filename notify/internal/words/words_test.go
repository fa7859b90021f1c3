package words

import (
	"errors"
	"testing"
)

func TestWords(t *testing.T) {
	inner := errors.New("inner")
	if err := Because("outer", inner); err.Error() != "outer: inner" || !errors.Is(err, inner) {
		t.Error(err)
	}
	for got, want := range map[string]string{
		Quote("äöü\n", 2): `"äö"`, Quote("a", 2): `"a"`, Quote("", 2): `""`, Quote("\xff\xff", 1): `"\xff"`,
		Padded(12, 4): "0012", Padded(12345, 4): "12345",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
