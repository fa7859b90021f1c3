package capture

import (
	"encoding/binary"
	"net"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// bpfCall is bpf(2) (include/uapi/linux/bpf.h).
func bpfCall(t *testing.T, command uintptr, attr []byte) int {
	t.Helper()
	fd, _, errno := unix.Syscall(unix.SYS_BPF, command, uintptr(unsafe.Pointer(&attr[0])), uintptr(len(attr)))
	if errno != 0 {
		t.Skipf("no XDP here: %v", errno)
	}
	return int(fd)
}

// attachXDP attaches a program to a device of the calling thread's namespace.
func attachXDP(t *testing.T, index int, code []byte) *os.File {
	t.Helper()
	const (
		progLoad   = 5
		linkCreate = 28
		typeXDP    = 6
		attachXDP  = 37
		skbMode    = 2
	)
	license := []byte("GPL\x00")
	load := make([]byte, 120)
	order := binary.NativeEndian
	order.PutUint32(load[0:], typeXDP)
	order.PutUint32(load[4:], uint32(len(code)/8))
	order.PutUint64(load[8:], uint64(uintptr(unsafe.Pointer(&code[0]))))
	order.PutUint64(load[16:], uint64(uintptr(unsafe.Pointer(&license[0]))))
	prog := bpfCall(t, progLoad, load)
	defer unix.Close(prog)
	runtime.KeepAlive(code)
	runtime.KeepAlive(license)
	create := make([]byte, 64)
	order.PutUint32(create[0:], uint32(prog))
	order.PutUint32(create[4:], uint32(index))
	order.PutUint32(create[8:], attachXDP)
	order.PutUint32(create[12:], skbMode)
	return os.NewFile(uintptr(bpfCall(t, linkCreate, create)), "XDP link")
}

// card is eth0 of the server.
func (p *pair) card() (index int) {
	p.inside(p.server, func() error {
		links, err := Links()
		for _, l := range links {
			if l.Name == "eth0" {
				index = l.Index
			}
		}
		return err
	})
	return index
}

// TestXDP: a program before the tap makes the numbers doubtful, and that is said.
func TestXDP(t *testing.T) {
	p := newPair(t, "eth0")
	var link *os.File
	index := p.card()
	p.inside(p.server, func() error {
		pass := []byte{0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0} // r0 = XDP_PASS; exit
		link = attachXDP(t, index, pass)
		return nil
	})
	defer link.Close()
	c := p.capture(Config{}, served())
	if r := c.Read(); !slices.Contains(r.Blind, XDPAttached) || r.Links[0].XDP == NoXDP {
		t.Errorf("blind %q, %+v", r.Blind, r.Links)
	}
}

// TestAFXDP: a name server on AF_XDP gets the queries, the capture sees none of them, and says why instead of that nobody asks.
func TestAFXDP(t *testing.T) {
	p := newPair(t, "eth0")
	index := p.card()
	var link *os.File
	var taken *uint32
	p.inside(p.server, func() error {
		const (
			mapCreate = 0
			mapUpdate = 2
			typeXSK   = 17
		)
		socket, received := newXSK(t, index)
		taken = received
		order := binary.NativeEndian
		create := make([]byte, 64)
		for i, v := range []uint32{typeXSK, 4, 4, 1} { // key, value, entries
			order.PutUint32(create[4*i:], v)
		}
		sockets := bpfCall(t, mapCreate, create)
		defer unix.Close(sockets)
		key, value := uint32(0), uint32(socket)
		update := make([]byte, 32)
		order.PutUint32(update, uint32(sockets))
		order.PutUint64(update[8:], uint64(uintptr(unsafe.Pointer(&key))))
		order.PutUint64(update[16:], uint64(uintptr(unsafe.Pointer(&value))))
		bpfCall(t, mapUpdate, update)
		runtime.KeepAlive(&key)
		runtime.KeepAlive(&value)
		redirect := []byte{
			0x61, 0x12, 16, 0, 0, 0, 0, 0, // r2 = rx_queue_index
			0x18, 0x11, 0, 0, byte(sockets), byte(sockets >> 8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // r1 = the map
			0xb7, 3, 0, 0, 2, 0, 0, 0, // r3 = XDP_PASS, where there is no socket
			0x85, 0, 0, 0, 51, 0, 0, 0, // r0 = bpf_redirect_map(r1, r2, r3)
			0x95, 0, 0, 0, 0, 0, 0, 0,
		}
		link = attachXDP(t, index, redirect)
		return nil
	})
	defer link.Close()
	c := p.capture(Config{}, served())
	// The neighbour's address is known for good: the server's kernel gets no packet to answer.
	var card *net.Interface
	p.inside(p.server, func() (err error) {
		card, err = net.InterfaceByIndex(index)
		return err
	})
	p.ip(p.client, "neigh replace 10.0.0.2 lladdr "+card.HardwareAddr.String()+" dev eth0 nud permanent")
	conn := p.dial("udp", vip)
	const asks = 20
	for i := range asks {
		if _, err := conn.Write(question(uint16(i), 0)); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(10 * time.Second); atomic.LoadUint32(taken) < asks && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	r := c.Read()
	if got := atomic.LoadUint32(taken); got < asks || r.Services[0].Counts.Queries[dnscount.UDP][0] != 0 {
		t.Errorf("of %d queries the socket has %d, and %d were counted", asks, got, r.Services[0].Counts.Queries[dnscount.UDP][0])
	}
	if !slices.Contains(r.Blind, XDPAttached) {
		t.Errorf("blind: %q", r.Blind)
	}
}

// newXSK makes an AF_XDP socket on the first queue of a card (Documentation/networking/af_xdp.rst), and returns where the kernel
// keeps the number of packets that it has got.
func newXSK(t *testing.T, index int) (socket int, received *uint32) {
	t.Helper()
	const frames, frame = 64, 4096
	fd, err := unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no AF_XDP here: %v", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	area, err := unix.Mmap(-1, 0, frames*frame, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	must(t, err)
	set := func(option int, value unsafe.Pointer, size uintptr) {
		t.Helper()
		if _, _, errno := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_XDP, uintptr(option), uintptr(value), size, 0); errno != 0 {
			t.Fatalf("option %d: %v", option, errno)
		}
	}
	umem := unix.XDPUmemReg{Addr: uint64(uintptr(unsafe.Pointer(&area[0]))), Len: frames * frame, Size: frame}
	set(unix.XDP_UMEM_REG, unsafe.Pointer(&umem), unsafe.Sizeof(umem))
	count := uint32(frames)
	for _, option := range []int{unix.XDP_UMEM_FILL_RING, unix.XDP_UMEM_COMPLETION_RING, unix.XDP_RX_RING} {
		set(option, unsafe.Pointer(&count), 4)
	}
	var at unix.XDPMmapOffsets
	size := uint32(unsafe.Sizeof(at))
	if _, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_XDP, unix.XDP_MMAP_OFFSETS, uintptr(unsafe.Pointer(&at)), uintptr(unsafe.Pointer(&size)), 0); errno != 0 {
		t.Fatal(errno)
	}
	ring := func(where int64, size uint64) []byte {
		b, err := unix.Mmap(fd, where, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
		must(t, err)
		return b
	}
	fill := ring(unix.XDP_UMEM_PGOFF_FILL_RING, at.Fr.Desc+8*frames)
	for i := range uint64(frames) {
		binary.NativeEndian.PutUint64(fill[at.Fr.Desc+8*i:], i*frame)
	}
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&fill[at.Fr.Producer])), frames)
	rx := ring(unix.XDP_PGOFF_RX_RING, at.Rx.Desc+16*frames)
	if err := unix.Bind(fd, &unix.SockaddrXDP{Flags: unix.XDP_COPY, Ifindex: uint32(index)}); err != nil {
		t.Skipf("no AF_XDP here: %v", err)
	}
	return fd, (*uint32)(unsafe.Pointer(&rx[at.Rx.Producer]))
}
