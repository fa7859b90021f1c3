package checker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestLegError(t *testing.T) {
	sys := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
	}
	for name, c := range map[string]struct {
		err     error
		outcome Outcome
		detail  string
	}{
		"sorted already":      {fmt.Errorf("post: %w", &Failure{BadHTTP, "HTTP status 404"}), BadHTTP, "HTTP status 404"},
		"socket's deadline":   {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, Timeout, "no answer"},
		"context's deadline":  {context.DeadlineExceeded, Timeout, "no answer"},
		"kernel's time-out":   {sys(syscall.ETIMEDOUT), Timeout, "no answer"},
		"port closed":         {sys(syscall.ECONNREFUSED), Unreachable, "port closed (connection refused)"},
		"no route":            {sys(syscall.EHOSTUNREACH), Unreachable, "asking: no route to host"},
		"no network":          {sys(syscall.ENETUNREACH), Unreachable, "asking: network is unreachable"},
		"firewall here":       {sys(syscall.EPERM), Local, "asking: not permitted on this host"},
		"address not here":    {sys(syscall.EADDRNOTAVAIL), Local, "asking: that address is not on this host, or has no port left"},
		"something never met": {errors.New("odd"), Unreachable, "asking: odd"},
	} {
		t.Run(name, func(t *testing.T) {
			got := legError(c.err, "asking")
			if got.Outcome != c.outcome || got.Error() != c.detail {
				t.Errorf("got %s: %s, want %s: %s", got.Outcome, got.Detail, c.outcome, c.detail)
			}
		})
	}
}
