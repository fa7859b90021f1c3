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

// queueWait is how long a report may wait for a place in the kernel's queue, which
// holds ten (net.unix.max_dgram_qlen): that many checks at once fill it, and anybody
// on this host can. Those who wait get places in turn (unix_wait_for_peer of Linux's
// net/unix/af_unix.c), those who do not get one by chance.
const queueWait = 20 * time.Millisecond

// SendHeartbeat sends the report to the exporter as one datagram with one JSON
// object. It does not wait for the exporter: a socket that is missing or nobody's
// costs one system call, one that is full costs queueWait. None is an error,
// because it says nothing about the name server.
func SendHeartbeat(socket string, r Report, m ExitMode, exitStatus int, now time.Time) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer syscall.Close(fd)
	wait := syscall.NsecToTimeval(queueWait.Nanoseconds())
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &wait); err != nil {
		return // It would wait for as long as the exporter likes.
	}
	// Connect first: without a reader the report need not even be written.
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: socket}); err != nil {
		return
	}
	datagram := jsonLine(heartbeat{newJSONReport(r, exitStatus), m.String(), float64(now.UnixMilli()) / 1000, r.Took.Seconds()})
	// A signal ends the waiting: Go sends itself some.
	for range 3 {
		if _, err = syscall.Write(fd, datagram); err != syscall.EINTR {
			return
		}
	}
}
