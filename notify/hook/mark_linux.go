package hook

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/sys"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// OwnMark is when keepalived has forked this process: the time of the fork is in /proc/self/stat (proc_pid_stat(5), field 22),
// and an exec does not change it.
func OwnMark() notify.Mark {
	m := notify.Mark{PID: os.Getpid()}
	text, err := sys.ReadProc("/proc/self/stat", 1<<10)
	if err == nil {
		if born, ok := bornOf(text); ok {
			m.Born = born
			return m
		}
	}
	m.Born = journal.SinceBoot()
	return m
}

// bornOf reads the time of the fork. The name of the program, in brackets, may hold blanks and brackets.
func bornOf(stat []byte) (time.Duration, bool) {
	const field, hertz = 22, 100 // USER_HZ is 100 on every architecture that keepalived runs on
	rest := stat[bytes.LastIndexByte(stat, ')')+1:]
	for range field - 2 { // the first of them begins with the blank after the bracket
		_, after, ok := bytes.Cut(rest, []byte(" "))
		if !ok {
			return 0, false
		}
		rest = after
	}
	word, _, _ := bytes.Cut(rest, []byte(" "))
	ticks, err := strconv.ParseInt(string(word), 10, 64)
	return time.Duration(ticks) * time.Second / hertz, err == nil
}
