package hook

import (
	"os"
	"strconv"
	"syscall"
)

// syslog sends one line to the system log: keepalived gives its scripts /dev/null for standard error. Nobody waits for it.
func syslog(socket, program, text string) error {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	const daemonWarning = 3<<3 | 4 // RFC 5424, 6.2.1
	line := "<" + strconv.Itoa(daemonWarning) + ">" + program + "[" + strconv.Itoa(os.Getpid()) + "]: " + text
	return syscall.Sendto(fd, []byte(line), 0, &syscall.SockaddrUnix{Name: socket})
}

// isNull says whether a file is /dev/null.
func isNull(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return true // closed
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	const null = 1<<8 | 3 // Documentation/admin-guide/devices.txt
	return ok && info.Mode()&os.ModeCharDevice != 0 && sys.Rdev == null
}
