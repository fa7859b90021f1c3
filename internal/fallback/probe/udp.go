package probe

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/checker/fault"
	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// greeting is what keepalived sends when no payload is configured (set_buf in layer4.c).
const greeting = "keepalived check - keepalived ch"

// udp passes when a reply fits, or without require_reply when nobody says that the port is closed (check_udp.c).
func udp(k *keepalived.Checker) (Probe, error) {
	u := k.UDP
	want, mask, err := pattern(u.Reply.V)
	if err != nil {
		return nil, unsupported(u.Reply.Pos, "require_reply: %v; correct it", err)
	}
	payload := u.Payload.V
	if len(payload) == 0 {
		payload = []byte(greeting)
	}
	return func(ctx context.Context) health.Result {
		conn, err := dial(ctx, "udp", k.Connect)
		if err != nil {
			return failed("open a socket", err)
		}
		defer conn.Close()
		defer closeWith(ctx, conn)()
		reply, err := exchange(conn, payload, k.Connect.Timeout.V, func([]byte) bool { return true })
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && !u.RequireReply.V:
			return health.Result{Pass: true, Reason: "nobody says that the port is closed"}
		case err != nil:
			return failed("ask", err)
		case u.RequireReply.V && len(want) > 0 && (len(reply) < u.MinReplyLength.V || len(reply) > u.MaxReplyLength.V):
			return fail("the reply has %d bytes, want %d to %d", len(reply), u.MinReplyLength.V, u.MaxReplyLength.V)
		case u.RequireReply.V && !matches(reply, want, mask):
			return fail("the reply is %s, want %s", hex.EncodeToString(reply[:min(len(reply), 32)]), u.Reply.V)
		}
		return health.Result{Pass: true, Reason: "replied"}
	}, nil
}

// exchange sends one datagram and waits for one that is taken. An error is the network's if that has said so.
func exchange(conn net.Conn, query []byte, timeout time.Duration, take func([]byte) bool) ([]byte, error) {
	socket := conn.(syscall.Conn) // what fault.Dial makes of udp and ip is one
	_ = conn.SetDeadline(time.Now().Add(timeout))
	if _, err := conn.Write(query); err != nil {
		return nil, fault.Blame(socket, err)
	}
	for {
		// A thousand checks that wait hold no room for what may be 64 KiB: it is made when a datagram is there, as large as that is.
		size, err := arrived(socket)
		if err != nil {
			return nil, fault.Blame(socket, err)
		}
		buffer := make([]byte, max(size, 1)) // a Read of nothing would leave an empty datagram where it is
		n, err := conn.Read(buffer)
		if err != nil {
			return nil, fault.Blame(socket, err)
		}
		if take(buffer[:n]) {
			return buffer[:n], nil
		}
	}
}

// arrived waits for a datagram, and returns its size.
func arrived(conn syscall.Conn) (size int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var none [1]byte
	waitErr := raw.Read(func(fd uintptr) bool {
		size, _, err = syscall.Recvfrom(int(fd), none[:], syscall.MSG_PEEK|syscall.MSG_TRUNC|syscall.MSG_DONTWAIT)
		return !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
	})
	if waitErr != nil {
		return 0, waitErr
	}
	return size, os.NewSyscallError("recvfrom", err)
}

// pattern reads hexadecimal digits, where x stands for any.
func pattern(s string) (want, mask []byte, err error) {
	s = strings.Join(strings.Fields(s), "")
	digits := strings.Map(func(r rune) rune {
		if r == 'x' || r == 'X' {
			return '0'
		}
		return r
	}, s)
	bits := strings.Map(func(r rune) rune {
		if r == 'x' || r == 'X' {
			return '0'
		}
		return 'f'
	}, s)
	if want, err = hex.DecodeString(digits); err != nil {
		return nil, nil, err
	}
	mask, err = hex.DecodeString(bits)
	return want, mask, err
}

// matches compares as far as both go.
func matches(reply, want, mask []byte) bool {
	for i := range min(len(reply), len(want)) {
		if (reply[i]^want[i])&mask[i] != 0 {
			return false
		}
	}
	return true
}
