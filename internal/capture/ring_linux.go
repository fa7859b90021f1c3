package capture

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// ring is a packet socket on one card, and the memory that it shares with the kernel
// (Documentation/networking/packet_mmap.rst, include/uapi/linux/if_packet.h).
type ring struct {
	fd     int
	memory []byte
	block  int // size of one
	next   int // the block that the kernel will hand over next
	link   dnscount.Link
	frame  dnscount.Frame
}

// openRing makes a socket on a card, with so many blocks of a size that is a power of two.
func openRing(index int, link dnscount.Link, blocks, size int, filter []bpf.RawInstruction) (*ring, error) {
	fd, err := openSocket()
	if err != nil {
		return nil, err
	}
	r := &ring{fd: fd, block: size, link: link}
	if err := r.setUp(index, blocks, filter); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func openSocket() (fd int, err error) {
	// Protocol 0: nothing comes before there are filter and ring.
	fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open a packet socket: %w", err)
	}
	return fd, nil
}

// Allowed says why this process may not capture; nil: it may. The kernel asks for CAP_NET_RAW when a packet socket is opened (packet_create
// in net/packet/af_packet.c), and systemd's RestrictAddressFamilies refuses it then.
func Allowed() error {
	fd, err := openSocket()
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}

func (r *ring) setUp(index, blocks int, filter []bpf.RawInstruction) error {
	if err := r.attach(filter); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("ask for a ring of version 3: %w", err)
	}
	const frame = 2048 // with version 3 frames are as long as they are; this must only divide a block
	request := unix.TpacketReq3{
		Block_size: uint32(r.block), Block_nr: uint32(blocks), Frame_size: frame, Frame_nr: uint32(r.block / frame * blocks),
		Retire_blk_tov: uint32(retire.Milliseconds()),
	}
	if err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &request); err != nil {
		return fmt.Errorf("make a ring of %d blocks of %d octets: %w", blocks, r.block, err)
	}
	memory, err := unix.Mmap(r.fd, 0, r.block*blocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map the ring: %w", err)
	}
	r.memory = memory
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order
	if err := unix.Bind(r.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}); err != nil {
		return fmt.Errorf("bind the packet socket: %w", err)
	}
	return nil
}

// attach puts a filter in the place of the last one, in one step.
func (r *ring) attach(filter []bpf.RawInstruction) error {
	code := make([]unix.SockFilter, len(filter))
	for i, in := range filter {
		code[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	err := unix.SetsockoptSockFprog(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]})
	if err != nil {
		return fmt.Errorf("attach a filter of %d instructions: %w", len(code), err)
	}
	return nil
}

func (r *ring) close() {
	if r.memory != nil {
		_ = unix.Munmap(r.memory)
	}
	_ = unix.Close(r.fd)
}

// Offsets in struct tpacket_block_desc and struct tpacket3_hdr.
const (
	blockStatus  = 8
	blockPackets = 12
	blockFirst   = 16
	blockLength  = 20

	packetNext = 0
	packetSec  = 4
	packetNsec = 8
	packetSnap = 12
	packetWire = 16
	packetMAC  = 24
	// struct sockaddr_ll is behind the header of 48 octets, and the packet's kind is its octet 10.
	packetKind = 48 + 10
)

// read gives the frames of the next block to tell, if the kernel has handed one over, and returns its length. A frame and its
// data are good for the time of the call only.
func (r *ring) read(tell func(*dnscount.Frame)) (octets int) {
	b := r.memory[r.next*r.block : (r.next+1)*r.block]
	status := (*uint32)(unsafe.Pointer(&b[blockStatus]))
	if atomic.LoadUint32(status)&unix.TP_STATUS_USER == 0 {
		return 0
	}
	order := binary.NativeEndian
	octets = int(order.Uint32(b[blockLength:]))
	at := int(order.Uint32(b[blockFirst:]))
	f := &r.frame
	for range order.Uint32(b[blockPackets:]) {
		p := b[at:]
		start, size := int(order.Uint16(p[packetMAC:])), int(order.Uint32(p[packetSnap:]))
		f.Data, f.Wire = p[start:start+size], int(order.Uint32(p[packetWire:]))
		f.Time = int64(order.Uint32(p[packetSec:]))*1e9 + int64(order.Uint32(p[packetNsec:]))
		f.Kind, f.Link = dnscount.Kind(p[packetKind]), r.link
		tell(f)
		at += int(order.Uint32(p[packetNext:]))
	}
	atomic.StoreUint32(status, unix.TP_STATUS_KERNEL)
	r.next = (r.next + 1) % (len(r.memory) / r.block)
	return octets
}

// ringStats are what a ring has had since it was asked last.
type ringStats struct{ packets, drops, freezes uint64 }

// stats asks the kernel, which forgets what it has told. Its packets include those that were dropped.
func (r *ring) stats() (ringStats, error) {
	s, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return ringStats{}, fmt.Errorf("ask a ring for its drops: %w", err)
	}
	return ringStats{uint64(s.Packets), uint64(s.Drops), uint64(s.Freeze_q_cnt)}, nil
}
