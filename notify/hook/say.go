package hook

import (
	"os"

	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// program is the name by which both programs speak.
const program = "lvsdns-notify"

// Log is the socket of the system log.
const Log = "/dev/log"

// Say says one line on standard error or, where keepalived has closed that, in the system log, whose socket is log.
func Say(stderr *os.File, log, text string) {
	if isNull(stderr) {
		_ = syslog(log, program, text) // There is nobody else to tell.
		return
	}
	_, _ = stderr.WriteString(program + ": " + text + "\n")
}

// OneLine makes an error one line.
func OneLine(err error) string { return words.OneLine(err) }

// Because is an error with words before it that say what it is about.
func Because(what string, err error) error { return words.Because(what, err) }
