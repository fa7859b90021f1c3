package labtest

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// XDPTake attaches an XDP program to a device of the host that takes every packet before anybody else sees it, as one that feeds
// AF_XDP sockets does with what it wants. It is detached with the lab.
func (h *Host) XDPTake(device string) {
	h.lab.t.Helper()
	var link *os.File
	h.lab.must(netns.Do(h.netns, func() error {
		i, err := net.InterfaceByName(device)
		if err != nil {
			return err
		}
		link, err = attachXDP(i.Index)
		return err
	}), "host %s: XDP on %s", h.Name, device)
	h.closers = append(h.closers, func() { _ = link.Close() })
}

// attachXDP does so in the namespace of the calling thread (bpf(2), include/uapi/linux/bpf.h).
func attachXDP(index int) (*os.File, error) {
	const (
		loadProgram = 5
		createLink  = 28
		program     = 6  // BPF_PROG_TYPE_XDP
		place       = 37 // BPF_XDP
		generic     = 2  // XDP_FLAGS_SKB_MODE: every device can
	)
	drop := []byte{0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0} // r0 = XDP_DROP; exit
	license := []byte("GPL\x00")
	order := binary.NativeEndian
	load := make([]byte, 120)
	order.PutUint32(load, program)
	order.PutUint32(load[4:], uint32(len(drop)/8))
	order.PutUint64(load[8:], uint64(uintptr(unsafe.Pointer(&drop[0]))))
	order.PutUint64(load[16:], uint64(uintptr(unsafe.Pointer(&license[0]))))
	loaded, err := bpf(loadProgram, load)
	runtime.KeepAlive(drop)
	runtime.KeepAlive(license)
	if err != nil {
		return nil, fmt.Errorf("load a program: %w", err)
	}
	defer unix.Close(loaded)
	create := make([]byte, 64)
	order.PutUint32(create, uint32(loaded))
	order.PutUint32(create[4:], uint32(index))
	order.PutUint32(create[8:], place)
	order.PutUint32(create[12:], generic)
	link, err := bpf(createLink, create)
	if err != nil {
		return nil, fmt.Errorf("attach a program: %w", err)
	}
	return os.NewFile(uintptr(link), "XDP link"), nil
}

func bpf(command uintptr, attr []byte) (fd int, err error) {
	n, _, errno := unix.Syscall(unix.SYS_BPF, command, uintptr(unsafe.Pointer(&attr[0])), uintptr(len(attr)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
