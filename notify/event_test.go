package notify

import (
	"testing"
	"time"
)

func TestMarks(t *testing.T) {
	at := func(ms, pid int) Mark { return Mark{time.Duration(ms) * time.Millisecond, pid} }
	for _, tt := range []struct {
		a, b Mark
		want int
	}{
		{at(10, 5), at(20, 4), -1},
		{at(20, 4), at(10, 5), 1},
		{at(10, 4), at(10, 5), -1},
		{at(10, 32767), at(10, 300), -1}, // the process IDs began anew
		{at(10, 0), at(10, 300), 0},
	} {
		if got := tt.a.compare(tt.b); got != tt.want {
			t.Errorf("%v with %v: %d", tt.a, tt.b, got)
		}
	}
}
