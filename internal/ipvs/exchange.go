package ipvs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"
)

// socket carries datagrams to and from the kernel, one with each call.
type socket interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
}

// refusal is an errno in a kernel's answer. Any other error leaves the socket in doubt.
type refusal struct{ syscall.Errno }

func (r refusal) Unwrap() error { return r.Errno }

const (
	// struct nlmsghdr and the types and flags of include/uapi/linux/netlink.h.
	messageHeader = 16
	typeError     = 2
	typeDone      = 3
	flagRequest   = 0x1
	flagMulti     = 0x2
	flagAck       = 0x4
	flagDump      = 0x300

	genericHeader = 4 // struct genlmsghdr: command, version, two unused bytes

	// messageSize is what the kernel can put into one datagram, and more. It fills those of a dump as far as the
	// largest buffer that it has seen allows, up to 32 KiB (netlink_dump in net/netlink/af_netlink.c); what fits
	// into one datagram is consistent.
	messageSize = 64 << 10
)

// exchange sends one request to a family and hands the attributes of each answer to each. The end of an answer depends on
// the question: a dump ends with a message that says so, a write with an acknowledgement, anything else is one message.
func (c *Client) exchange(family uint16, r request, each func(attrs []byte) error) error {
	c.sequence++
	c.datagrams = 0
	c.out = append(c.out[:0], make([]byte, messageHeader)...)
	c.out = append(c.out, r.command, 1, 0, 0)
	c.out = append(c.out, r.attrs...)
	binary.NativeEndian.PutUint32(c.out, uint32(len(c.out)))
	binary.NativeEndian.PutUint16(c.out[4:], family)
	binary.NativeEndian.PutUint16(c.out[6:], flagRequest|r.flags)
	binary.NativeEndian.PutUint32(c.out[8:], c.sequence)
	if _, err := c.socket.Write(c.out); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if c.in == nil {
		c.in = make([]byte, messageSize)
	}
	for {
		n, err := c.socket.Read(c.in)
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		if n == len(c.in) {
			return errors.New("answer does not fit into the buffer")
		}
		if done, err := c.datagram(c.in[:n], each); done || err != nil {
			return err
		}
	}
}

// datagram goes through the messages of one datagram and says whether the answer ends with it.
func (c *Client) datagram(b []byte, each func(attrs []byte) error) (done bool, err error) {
	counted := false
	for len(b) > 0 {
		if len(b) < messageHeader {
			return false, errShort
		}
		length := binary.NativeEndian.Uint32(b)
		if length < messageHeader || int64(length) > int64(len(b)) {
			return false, errShort
		}
		kind, flags := binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint16(b[6:])
		if got := binary.NativeEndian.Uint32(b[8:]); got != c.sequence {
			return false, fmt.Errorf("answer to question %d, not %d", got, c.sequence)
		}
		payload := b[messageHeader:length]
		b = b[min((int(length)+3)&^3, len(b)):]
		switch {
		case kind == typeError || kind == typeDone:
			return true, status(payload)
		case len(payload) < genericHeader:
			return false, errShort
		}
		if !counted {
			c.datagrams++
			counted = true
		}
		if err := each(payload[genericHeader:]); err != nil {
			return false, err
		}
		done = flags&flagMulti == 0
	}
	return done, nil
}

// status reads the number that ends an answer: 0, or an errno as a negative number.
func status(b []byte) error {
	if len(b) < 4 {
		return errShort
	}
	if n := int32(binary.NativeEndian.Uint32(b)); n != 0 {
		return refusal{syscall.Errno(-n)}
	}
	return nil
}

// Names of the controller of generic netlink (include/uapi/linux/genetlink.h).
const (
	controllerFamily = 0x10
	cmdGetFamily     = 3
	attrFamilyID     = 1
	attrFamilyName   = 2
)

// lookUp asks for the number of a family. It changes when the family's module is loaded again.
func (c *Client) lookUp(name string) (family uint16, err error) {
	var b builder
	b.text(attrFamilyName, name)
	err = c.exchange(controllerFamily, request{command: cmdGetFamily, attrs: b.b}, func(attrs []byte) error {
		w := walker{rest: attrs}
		for w.next() {
			if w.kind == attrFamilyID {
				family = w.uint16()
			}
		}
		return w.err
	})
	if err == nil && family == 0 {
		err = errNothing
	}
	return family, err
}
