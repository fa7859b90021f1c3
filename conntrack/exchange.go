package conntrack

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// socket carries datagrams to and from the kernel.
type socket interface {
	Send([]byte) error
	// Receive reads datagrams into b, one after the other, and hands each to each, which must not keep it, until
	// that wants no more.
	Receive(b []byte, each func([]byte) (more bool, err error)) error
	SetDeadline(time.Time) error
	Close() error
}

const (
	// struct nlmsghdr and the types and flags of include/uapi/linux/netlink.h.
	messageHeader = 16
	typeError     = 2
	typeDone      = 3
	flagRequest   = 0x1
	flagDump      = 0x300

	netfilterHeader = 4 // struct nfgenmsg: family, version, resource number

	// Subsystems and messages of include/uapi/linux/netfilter/nfnetlink.h and nfnetlink_conntrack.h.
	listEntries      = 1<<8 | 1
	listCounters     = 1<<8 | 4
	listExpectations = 2<<8 | 1
)

// message is one part of an answer.
type message struct {
	resource uint16 // the number of a processor, in counters
	attrs    []byte // good until the next message
}

// list asks for all of something and hands each part to each.
func (c *Client) list(ctx context.Context, kind uint16, what string, each func(message) error) error {
	return c.listBy(ctx, kind, what, each, func(f func() error) error { return f() })
}

// listBy is list, with run to choose where the answer is read. The socket is opened on the caller's thread: that one's network namespace
// is meant. It is this question's own, so closing it makes the kernel forget the rest of an answer.
func (c *Client) listBy(ctx context.Context, kind uint16, what string, each func(message) error, run func(func() error) error) error {
	if err := c.stream(ctx, kind, each, run); err != nil {
		return explain(ctx, what, c.config.Timeout, err)
	}
	return nil
}

func (c *Client) stream(ctx context.Context, kind uint16, each func(message) error, run func(func() error) error) error {
	if err := c.present(); err != nil {
		return err
	}
	s, err := c.dial()
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.SetDeadline(time.Now().Add(c.config.Timeout)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = s.SetDeadline(time.Unix(1, 0)) })()

	const sequence = 1
	return run(func() error {
		if err := s.Send(question(kind, sequence)); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		return s.Receive(make([]byte, c.buffer), func(datagram []byte) (bool, error) {
			// The kernel always has the next datagram ready, so nobody else looks at the deadline.
			if err := ctx.Err(); err != nil {
				return false, err
			}
			return parts(datagram, sequence, each)
		})
	})
}

func question(kind uint16, sequence uint32) []byte {
	b := make([]byte, messageHeader+netfilterHeader)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint16(b[6:], flagRequest|flagDump)
	binary.NativeEndian.PutUint32(b[8:], sequence)
	return b // of family AF_UNSPEC: both, in one go
}

// parts goes through the messages of one datagram and says whether there are more datagrams to come.
func parts(b []byte, sequence uint32, each func(message) error) (more bool, err error) {
	for len(b) > 0 {
		if len(b) < messageHeader {
			return false, errShort
		}
		length := binary.NativeEndian.Uint32(b)
		if length < messageHeader || int64(length) > int64(len(b)) {
			return false, errShort
		}
		kind, got := binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint32(b[8:])
		if got != sequence {
			return false, fmt.Errorf("answer to question %d, not %d", got, sequence)
		}
		payload := b[messageHeader:length]
		b = b[min((int(length)+3)&^3, len(b)):]
		switch {
		case len(payload) < netfilterHeader:
			return false, errShort
		case kind == typeError || kind == typeDone:
			return false, status(payload)
		}
		m := message{resource: binary.BigEndian.Uint16(payload[2:]), attrs: payload[netfilterHeader:]}
		if err := each(m); err != nil {
			return false, err
		}
	}
	return true, nil
}

// status reads the number that ends an answer: 0, or an errno as a negative number.
func status(b []byte) error {
	if n := int32(binary.NativeEndian.Uint32(b)); n != 0 {
		return syscall.Errno(-n)
	}
	return nil
}

// explain is the one place where errors are translated.
func explain(ctx context.Context, what string, timeout time.Duration, err error) error {
	switch cause := context.Cause(ctx); {
	case cause != nil:
		err = cause
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("not done within %v: %w", timeout, err)
	case permission(err):
		err = fmt.Errorf("%w: %w", ErrPermission, err)
	}
	return fmt.Errorf("conntrack: %s: %w", what, err)
}
