package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/checker/fault"
	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// ping passes on an echo reply (check_ping.c). It takes a raw socket: keepalived widens ping_group_range of the whole
// host for an ordinary one.
func ping(k *keepalived.Checker) Probe {
	return func(ctx context.Context) health.Result {
		c := k.Connect
		network, request, reply := "ip4:icmp", byte(8), byte(0)
		if c.Addr.V.Is6() {
			network, request, reply = "ip6:ipv6-icmp", 128, 129 // RFC 4443; the kernel adds the checksum
		}
		d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error { return options(raw, c) }}
		if c.BindAddr.V.IsValid() {
			d.LocalAddr = &net.IPAddr{IP: c.BindAddr.V.AsSlice()}
		}
		conn, err := fault.Dial(ctx, d, network, c.Addr.V.String())
		if err != nil {
			return failed("open a socket", err)
		}
		defer conn.Close()
		defer closeWith(ctx, conn)()
		id := rand.Uint32()
		message := binary.BigEndian.AppendUint32([]byte{request, 0, 0, 0}, id)
		message = append(message, greeting...)
		if request == 8 {
			binary.BigEndian.PutUint16(message[2:], checksum(message))
		}
		_, err = exchange(conn, message, c.Timeout.V, func(b []byte) bool {
			if request == 8 && len(b) > 0 { // a raw socket of IPv4 shows the IP header
				b = b[min(int(b[0]&0xf)*4, len(b)):]
			}
			return len(b) >= 8 && b[0] == reply && binary.BigEndian.Uint32(b[4:]) == id
		})
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return fail("no echo within %s", c.Timeout.V.Round(time.Millisecond))
		case err != nil:
			return failed("ask", err)
		}
		return health.Result{Pass: true, Reason: "echo from " + c.Addr.V.String()}
	}
}

// checksum is that of RFC 1071.
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
