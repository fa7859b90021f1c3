package fifo

import (
	"net"
	"strconv"
	"time"
)

// Systemd tells systemd how this service does (sd_notify(3)). The zero Systemd tells nobody.
type Systemd struct {
	Socket   string        // $NOTIFY_SOCKET
	Watchdog time.Duration // $WATCHDOG_USEC

	last time.Time
}

// Interval reads $WATCHDOG_USEC; 0 if there is no watchdog.
func Interval(usec string) time.Duration {
	n, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}

// Say sends a message, such as READY=1.
func (s *Systemd) Say(text string) error {
	if s.Socket == "" {
		return nil
	}
	name := s.Socket
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
func (s *Systemd) Beat(now time.Time) error {
	if s.Watchdog == 0 || now.Sub(s.last) < s.Watchdog/3 {
		return nil
	}
	s.last = now
	return s.Say("WATCHDOG=1")
}
