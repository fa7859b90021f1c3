package ipvs

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// kernel is a stand-in for the other end of a netlink socket. Change it with set once a client uses it: what a client has
// given up may still be under way.
type kernel struct {
	mu     sync.Mutex
	family uint16
	// answer returns the attributes of each message of an answer, or an errno. Any other error means that no
	// answer ever comes.
	answer func(question) ([][]byte, error)
	raw    []byte // sent instead of an answer, once
	dialed int
	asked  int // questions to the family
}

func (k *kernel) set(change func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change()
}

func (k *kernel) setAnswer(answer func(question) ([][]byte, error)) {
	k.set(func() { k.answer = answer })
}

// question is a request to the family.
type question struct {
	command uint8
	dump    bool
	attrs   []byte
}

// newClient is a client of the stand-in, with IPVS present in its proc directory.
func (k *kernel) newClient(t *testing.T) *Client {
	t.Helper()
	if k.family == 0 {
		k.family = 0x22
	}
	c := New(Config{Proc: procWith(t, "ip_vs", ""), Timeout: time.Minute})
	c.dial = func() (socket, error) {
		k.dialed++
		near, far := net.Pipe()
		go k.serve(far)
		return near, nil
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// procWith makes a proc directory with one file in net.
func procWith(t *testing.T, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "net"), 0o755); err != nil {
		t.Fatal(err)
	}
	if name != "" {
		if err := os.WriteFile(filepath.Join(dir, "net", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// serve answers until the client hangs up.
func (k *kernel) serve(conn net.Conn) {
	defer conn.Close()
	b := make([]byte, messageSize)
	for {
		n, err := conn.Read(b)
		if err != nil {
			return
		}
		for _, datagram := range k.reply(b[:n]) {
			if _, err := conn.Write(datagram); err != nil {
				return
			}
		}
	}
}

// reply makes the datagrams of an answer: two messages in each, and the end of a dump in one of its own.
func (k *kernel) reply(b []byte) [][]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	kind, flags, sequence := binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint16(b[6:]), binary.NativeEndian.Uint32(b[8:])
	q := question{b[messageHeader], flags&flagDump == flagDump, b[messageHeader+genericHeader:]}
	if kind == controllerFamily {
		var answer builder
		answer.text(attrFamilyName, familyName)
		answer.uint16(attrFamilyID, k.family)
		return [][]byte{netlinkMessage(kind, 0, sequence, make([]byte, genericHeader), answer.b)}
	}
	if kind != k.family {
		return [][]byte{refuse(sequence, syscall.ENOENT, b)}
	}
	k.asked++
	if k.raw != nil {
		raw := k.raw
		k.raw = nil
		return [][]byte{raw}
	}
	var errno syscall.Errno
	answers, err := k.answer(q)
	switch {
	case errors.As(err, &errno):
		return [][]byte{refuse(sequence, errno, b)}
	case err != nil:
		return nil
	}
	var multi uint16
	if q.dump {
		multi = flagMulti
	}
	var datagrams [][]byte
	for i, attrs := range answers {
		m := netlinkMessage(kind, multi, sequence, []byte{q.command, 1, 0, 0}, attrs)
		if i%2 == 0 {
			datagrams = append(datagrams, m)
		} else {
			datagrams[i/2] = append(datagrams[i/2], m...)
		}
	}
	if q.dump {
		datagrams = append(datagrams, netlinkMessage(typeDone, flagMulti, sequence, n32(0)))
	}
	if flags&flagAck != 0 {
		datagrams = append(datagrams, netlinkMessage(typeError, 0, sequence, n32(0), b[:messageHeader]))
	}
	return datagrams
}

// refuse is an error message: the errno, then the header of the request.
func refuse(sequence uint32, errno syscall.Errno, request []byte) []byte {
	return netlinkMessage(typeError, 0, sequence, n32(-uint32(errno)), request[:messageHeader])
}

func netlinkMessage(kind, flags uint16, sequence uint32, payload ...[]byte) []byte {
	data := cat(payload...)
	return cat(n32(uint32(messageHeader+len(data))), n16(kind), n16(flags), n32(sequence), n32(0), data)
}
