package fifo

import (
	"os"
	"syscall"
	"unsafe"
)

// enlarge makes a pipe as large as anybody may (fs.pipe-max-size) and returns its size.
func enlarge(f *os.File) int {
	const setSize, getSize, most, usual = 1031, 1032, 1 << 20, 64 << 10 // fcntl(2)
	size := usual
	raw, err := f.SyscallConn()
	if err != nil {
		return size
	}
	_ = raw.Control(func(fd uintptr) {
		_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, fd, setSize, most)
		if n, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, getSize, 0); errno == 0 {
			size = int(n)
		}
	})
	return size
}

// pending is how many bytes wait to be read.
func pending(f *os.File) int {
	var n int32
	raw, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) {
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCINQ, uintptr(unsafe.Pointer(&n)))
	})
	return int(n)
}
