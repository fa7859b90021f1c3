// Package systemd tells systemd how a service does (sd_notify(3)).
package systemd

import (
	"net"
	"strconv"
	"time"
)

// Notifier tells systemd. The zero Notifier tells nobody.
type Notifier struct {
	Socket   string        // $NOTIFY_SOCKET
	Watchdog time.Duration // $WATCHDOG_USEC

	last time.Time
}

// New makes a Notifier of what systemd has put into the environment.
func New(getenv func(string) string) *Notifier {
	n := &Notifier{Socket: getenv("NOTIFY_SOCKET")}
	if usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64); err == nil && usec > 0 {
		n.Watchdog = time.Duration(usec) * time.Microsecond
	}
	return n
}

// Say sends a message, such as READY=1.
func (n *Notifier) Say(text string) error {
	if n.Socket == "" {
		return nil
	}
	name := n.Socket
	if name[0] == '@' {
		name = "\x00" + name[1:] // an abstract socket, unix(7)
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(text))
	return err
}

// Beat feeds the watchdog, at most three times in its interval.
func (n *Notifier) Beat(now time.Time) error {
	if n.Watchdog == 0 || now.Sub(n.last) < n.Watchdog/3 {
		return nil
	}
	n.last = now
	return n.Say("WATCHDOG=1")
}
