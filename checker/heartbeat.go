package checker

import (
	"syscall"
	"time"
)

// HeartbeatSocket is where lvsdns-exporter listens for checks that ran.
const HeartbeatSocket = "/run/lvsdns/check.sock"

// heartbeat is what one check tells the exporter: the JSON output, and when,
// how long and for whom. The exporter compares it with what keepalived
// believes; a check that stopped running shows as silence.
type heartbeat struct {
	jsonReport
	ExitMode string  `json:"exit_mode"`
	Time     float64 `json:"time"`             // seconds since 1970, when the verdict stood
	Duration float64 `json:"duration_seconds"` // of the whole check
}

// SendHeartbeat sends the report to the exporter as one datagram with one JSON
// object. It never waits: a socket that is missing, full or nobody's costs one
// system call, and is no error, because it says nothing about the name server.
func SendHeartbeat(socket string, r Report, m ExitMode, exitStatus int, now time.Time) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer syscall.Close(fd)
	// Connect first: without a reader the report need not even be written.
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: socket}); err != nil {
		return
	}
	datagram := jsonLine(heartbeat{newJSONReport(r, exitStatus), m.String(), float64(now.UnixMilli()) / 1000, r.Took.Seconds()})
	_, _ = syscall.Write(fd, datagram)
}
