package capture

import (
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attachXDP attaches a program that lets every packet pass to the device of the calling thread's namespace.
func attachXDP(t *testing.T, index int) *os.File {
	const (
		progLoad   = 5
		linkCreate = 28
		typeXDP    = 6
		attachXDP  = 37
		skbMode    = 2
	)
	pass := []byte{0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0} // r0 = XDP_PASS; exit
	license := []byte("GPL\x00")
	bpf := func(command uintptr, attr []byte) int {
		fd, _, errno := unix.Syscall(unix.SYS_BPF, command, uintptr(unsafe.Pointer(&attr[0])), uintptr(len(attr)))
		if errno != 0 {
			t.Skipf("no XDP here: %v", errno)
		}
		return int(fd)
	}
	load := make([]byte, 120)
	order := binary.NativeEndian
	order.PutUint32(load[0:], typeXDP)
	order.PutUint32(load[4:], uint32(len(pass)/8))
	order.PutUint64(load[8:], uint64(uintptr(unsafe.Pointer(&pass[0]))))
	order.PutUint64(load[16:], uint64(uintptr(unsafe.Pointer(&license[0]))))
	prog := bpf(progLoad, load)
	defer unix.Close(prog)
	runtime.KeepAlive(pass)
	runtime.KeepAlive(license)
	create := make([]byte, 64)
	order.PutUint32(create[0:], uint32(prog))
	order.PutUint32(create[4:], uint32(index))
	order.PutUint32(create[8:], attachXDP)
	order.PutUint32(create[12:], skbMode)
	return os.NewFile(uintptr(bpf(linkCreate, create)), "XDP link")
}

// TestXDP: a program before the tap makes the numbers doubtful, and that is said.
func TestXDP(t *testing.T) {
	p := newPair(t, "eth0")
	var link *os.File
	p.inside(p.server, func() error {
		links, err := Links()
		for _, l := range links {
			if l.Name == "eth0" {
				link = attachXDP(t, l.Index)
			}
		}
		return err
	})
	defer link.Close()
	c := p.capture(Config{}, served())
	if r := c.Read(); !slices.Contains(r.Blind, XDPAttached) || r.Links[0].XDP == NoXDP {
		t.Errorf("blind %q, %+v", r.Blind, r.Links)
	}
}
