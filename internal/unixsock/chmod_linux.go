package unixsock

import (
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// chmod changes the rights of a socket, and of nothing else: where the directory is another user's, root must not follow what that user has
// put in the place of the socket meanwhile. The link in /proc leads to the very file that was looked at (proc_pid_fd(5)).
func chmod(path string, mode fs.FileMode) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var is unix.Stat_t
	if err := unix.Fstat(fd, &is); err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if is.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return fmt.Errorf("%s is no longer the socket that was made there", path)
	}
	return os.Chmod(fmt.Sprint("/proc/self/fd/", fd), mode)
}
