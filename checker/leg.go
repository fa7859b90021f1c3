package checker

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/checker/fault"
	"github.com/miekg/dns"
)

// leg is what one question met on one transport: an answer, or why there is
// none.
type leg struct {
	transport Transport     // UDP, TCP, TLS or HTTPS
	reply     *dns.Msg      // the answer that counts; nil: none came
	size      int           // of the answer, in bytes without framing
	latency   time.Duration // from sending the try that was answered to its answer
	attempts  int           // tries made
	err       *Failure      // why no answer came; nil with a Reply
	strays    strays        // what came and does not count
}

// Failure is why a question got no answer. An [Encrypted] returns one where it
// knows more of the reason than the errors of a socket tell.
type Failure struct {
	Outcome Outcome
	Detail  string // for a person
}

// Error returns the detail.
func (e *Failure) Error() string { return e.Detail }

// legError sorts an error of the network into an outcome. What it does not
// know is the server's fault (Unreachable): doubt is "down".
func legError(err error, during string) *Failure {
	var known *Failure
	var icmp *fault.ICMP
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, syscall.ECONNREFUSED):
		return &Failure{Unreachable, "port closed (connection refused)"}
	case errors.As(err, &icmp):
		return &Failure{Unreachable, fmt.Sprintf("%s: %v", during, icmp)}
	case fault.Local(err):
		return &Failure{Local, fmt.Sprintf("%s: %s", during, localReason(err))}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &Failure{Timeout, "no answer"}
	default:
		return &Failure{Unreachable, fmt.Sprintf("%s: %v", during, rootCause(err))}
	}
}

// localReason says what the number of an error leaves open: where.
func localReason(err error) string {
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return "not permitted on this host"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAGAIN):
		return "that address is not on this host, or has no port left"
	default:
		return fmt.Sprintf("%v, on this host", rootCause(err))
	}
}

// rootCause strips the addresses that package net puts around an error: the
// report names the server already.
func rootCause(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
