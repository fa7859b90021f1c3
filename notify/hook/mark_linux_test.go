package hook

import (
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify/journal"
)

func TestBorn(t *testing.T) {
	stat := "1234 (a) b (c) S 1 1234 1234 0 -1 4194560 90 0 0 0 0 0 0 0 20 0 1 0 8871 1 2 3"
	if got, ok := bornOf([]byte(stat)); !ok || got != 88710*time.Millisecond {
		t.Errorf("born %v %v", got, ok)
	}
	own := OwnMark()
	if now := journal.SinceBoot(); own.Born <= 0 || own.Born > now || now-own.Born > time.Hour {
		t.Errorf("this process was born %v after boot, and it is %v", own.Born, now)
	}
}
