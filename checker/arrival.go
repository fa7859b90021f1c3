package checker

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// lastLook is how long a read may take that only fetches what is there.
const lastLook = time.Millisecond

// inbox reads datagrams with the moment at which the kernel took each one in.
//
// On a director without a free CPU a check can wait longer for its turn than the
// server took to answer. Its own clock then says "too late" of an answer that has
// been lying in the socket for long, and a healthy server would be taken out for
// the director's trouble. So the kernel's clock decides: what arrived before the
// end counts, whenever it is read.
type inbox struct {
	conn *net.UDPConn
	buf  []byte
	oob  [64]byte // room for one timestamp: a header of 16 bytes and two words
}

// next returns the next datagram that arrived before end. It lies in buf until
// the next call.
func (i *inbox) next(start, end time.Time) (packet []byte, from netip.AddrPort, arrived time.Time, err error) {
	packet, from, arrived, err = i.read(start)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if err := i.conn.SetReadDeadline(time.Now().Add(lastLook)); err != nil {
			return nil, from, arrived, err
		}
		packet, from, arrived, err = i.read(start)
	}
	if err == nil && arrived.After(end) {
		err = os.ErrDeadlineExceeded
	}
	return packet, from, arrived, err
}

func (i *inbox) read(start time.Time) ([]byte, netip.AddrPort, time.Time, error) {
	n, oobn, _, from, err := i.conn.ReadMsgUDPAddrPort(i.buf, i.oob[:])
	if err != nil {
		return nil, from, time.Time{}, err
	}
	return i.buf[:n], from, arrival(i.oob[:oobn], start, time.Now()), nil
}

// arrival reads the kernel's timestamp (socket(7), SO_TIMESTAMPNS). One that
// lies outside what is possible, because the clock was set in between, counts
// as now.
func arrival(oob []byte, start, now time.Time) time.Time {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return now
	}
	for _, m := range messages {
		if m.Header.Level != syscall.SOL_SOCKET || m.Header.Type != syscall.SCM_TIMESTAMPNS {
			continue
		}
		if stamp, ok := timespec(m.Data); ok && !stamp.Before(start) && !stamp.After(now) {
			return stamp
		}
	}
	return now
}

// timespec decodes a struct timespec of the kernel: two words, of 64 bits each
// or of 32.
func timespec(b []byte) (time.Time, bool) {
	switch len(b) {
	case 16:
		return time.Unix(int64(binary.NativeEndian.Uint64(b)), int64(binary.NativeEndian.Uint64(b[8:]))), true
	case 8:
		return time.Unix(int64(int32(binary.NativeEndian.Uint32(b))), int64(binary.NativeEndian.Uint32(b[4:]))), true
	default:
		return time.Time{}, false
	}
}
