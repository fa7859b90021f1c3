package checker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/miekg/dns"
)

// Encrypted is what a Check needs for the transports TLS and HTTPS. It is an
// interface so that a program without them links neither crypto/tls nor
// net/http; package encrypted has the implementation.
type Encrypted interface {
	// Client sets up a TLS session on conn. The context's deadline bounds it.
	Client(ctx context.Context, conn net.Conn, server string) (net.Conn, error)
	// Post sends a DNS message over HTTPS on a connection that dial makes and
	// returns the DNS message that comes back (RFC 8484 section 4.1).
	Post(ctx context.Context, dial func(context.Context) (net.Conn, error), server string, wire []byte) ([]byte, error)
}

// stream asks one question over TCP, TLS or HTTPS, each try on a connection of
// its own. The latency includes setting that up, as a client feels it.
func (c *Check) stream(ctx context.Context, q Question, t Transport) leg {
	met := leg{transport: t}
	c.eachTry(ctx, &met, func(end time.Time) error {
		ctx, cancel := context.WithDeadline(ctx, end)
		defer cancel()
		start := time.Now()
		ask, err := newQuery(q, c.Ask, freshID(nil), start)
		if err != nil {
			return &Failure{Local, err.Error()}
		}
		if t == HTTPS {
			met.reply, met.size, err = c.post(ctx, ask, &met.strays)
		} else {
			met.reply, met.size, err = c.converse(ctx, ask, t, &met.strays)
		}
		met.latency = time.Since(start)
		return err
	})
	return met
}

// converse sends the query over one connection and reads messages from it
// until one is the answer.
func (c *Check) converse(ctx context.Context, ask query, t Transport, seen *strays) (*dns.Msg, int, error) {
	conn, err := c.From.dialTCP(ctx, c.Server)
	if err != nil {
		return nil, 0, legError(err, "connecting "+c.from())
	}
	defer conn.Close()
	defer interruptible(ctx, conn)()
	end, _ := ctx.Deadline()
	if err := setDeadline(ctx, conn, end); err != nil {
		return nil, 0, err
	}
	if t == TLS {
		if conn, err = c.Encrypted.Client(ctx, conn, c.named().Addr().String()); err != nil {
			return nil, 0, err
		}
	}
	frame := binary.BigEndian.AppendUint16(nil, uint16(len(ask.wire)))
	if _, err := conn.Write(append(frame, ask.wire...)); err != nil {
		return nil, 0, closedError(err)
	}
	for {
		reply, err := readFrame(conn)
		if err != nil {
			return nil, 0, closedError(err)
		}
		m, stray := accept([]query{ask}, c.Ask.TSIG, reply)
		if stray == nil {
			return m, len(reply), nil
		}
		seen.add(*stray)
	}
}

func (c *Check) post(ctx context.Context, ask query, seen *strays) (*dns.Msg, int, error) {
	dial := func(ctx context.Context) (net.Conn, error) { return c.From.dialTCP(ctx, c.Server) }
	reply, err := c.Encrypted.Post(ctx, dial, c.named().String(), ask.wire)
	if err != nil {
		return nil, 0, closedError(err)
	}
	m, stray := accept([]query{ask}, c.Ask.TSIG, reply)
	if stray == nil {
		return m, len(reply), nil
	}
	seen.add(*stray)
	return nil, 0, &Failure{stray.kind, noneCounts}
}

// named returns the server as it may be named to itself and in certificates:
// without the zone, which means nothing off this host (RFC 6874 section 4).
func (c *Check) named() netip.AddrPort {
	return netip.AddrPortFrom(c.Server.Addr().WithZone(""), c.Server.Port())
}

// readFrame reads one message with its two-byte length (RFC 1035 section 4.2.2).
func readFrame(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(r, message); err != nil {
		return nil, fmt.Errorf("reading a message of %d bytes: %w", len(message), noEOF(err))
	}
	return message, nil
}

// noEOF turns an end right behind the length into an end in the middle.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func closedError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &Failure{Closed, "the server closed the connection in the middle of its answer"}
	case errors.Is(err, io.EOF):
		return &Failure{Closed, "the server closed the connection without an answer"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &Failure{Closed, "the server reset the connection"}
	default:
		return err
	}
}
