package httpd

import (
	"cmp"
	"time"

	"golang.org/x/sys/unix"
)

// Limits are what readers may take. The zero value has the defaults.
type Limits struct {
	Connections int           // open at once; 0: 512, and never more than a quarter of the file descriptors
	Headers     int           // bytes of a request; 0: 16 KiB
	Request     time.Duration // for the whole request to come; 0: 10 s
	Stall       time.Duration // for a reader to take 64 KiB; 0: 10 s
	Response    time.Duration // for the whole answer, with the time in which it is made; 0: 2 min
	Idle        time.Duration // between two requests; 0: 5 min
	Streams     int           // requests at once in a connection with HTTP/2; 0: 8
}

// withDefaults fills in what is not set.
func (l Limits) withDefaults() Limits {
	return Limits{
		Connections: min(cmp.Or(l.Connections, 512), max(8, descriptors()/4)),
		Headers:     cmp.Or(l.Headers, 16<<10),
		Request:     cmp.Or(l.Request, 10*time.Second),
		Stall:       cmp.Or(l.Stall, 10*time.Second),
		Response:    cmp.Or(l.Response, 2*time.Minute),
		Idle:        cmp.Or(l.Idle, 5*time.Minute),
		Streams:     cmp.Or(l.Streams, 8),
	}
}

// descriptors is how many files this process may have open.
func descriptors() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 1024
	}
	return int(min(limit.Cur, 1<<20))
}
