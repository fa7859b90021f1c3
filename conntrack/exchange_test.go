package conntrack

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script is a socket whose kernel says what was written beforehand, and then nothing.
type script struct {
	datagrams [][]byte
	sent      []byte
	expired   chan struct{}
	closed    bool
}

func (s *script) Send(b []byte) error { s.sent = append([]byte(nil), b...); return nil }

func (s *script) Receive(b []byte, each func([]byte) (bool, error)) error {
	for _, d := range s.datagrams {
		if more, err := each(b[:copy(b, d)]); !more || err != nil {
			return err
		}
	}
	<-s.expired
	return os.ErrDeadlineExceeded
}

func (s *script) SetDeadline(d time.Time) error {
	if time.Until(d) < 0 {
		close(s.expired)
	}
	return nil
}

func (s *script) Close() error { s.closed = true; return nil }

// kernelOf is a client of a kernel that says these datagrams.
func kernelOf(t *testing.T, timeout time.Duration, datagrams ...[]byte) (*Client, *script) {
	t.Helper()
	proc := t.TempDir()
	dir := filepath.Join(proc, settings)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"nf_conntrack_count": "3", "nf_conntrack_max": "100", "nf_conntrack_buckets": "64", "nf_conntrack_expect_max": "4096",
		"nf_conntrack_udp_timeout": "30", "nf_conntrack_udp_timeout_stream": "120",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &script{datagrams: datagrams, expired: make(chan struct{})}
	c := New(Config{Proc: proc, Timeout: timeout})
	c.dial = func() (socket, error) { return s, nil }
	return c, s
}

// say is one message: header, struct nfgenmsg or the number of an errno, attributes.
func say(kind uint16, sequence uint32, payload ...byte) []byte {
	b := make([]byte, messageHeader, messageHeader+len(payload))
	binary.NativeEndian.PutUint32(b, uint32(messageHeader+len(payload)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint32(b[8:], sequence)
	return append(b, payload...)
}

func number(n int32) []byte { return binary.NativeEndian.AppendUint32(nil, uint32(n)) }

func errno(e syscall.Errno) []byte { return say(typeError, 1, number(-int32(e))...) }

func TestAnswers(t *testing.T) {
	done := say(typeDone, 1, number(0)...)
	entry := say(256, 1, append([]byte{2, 0, 0, 0}, anEntry(t)...)...)
	for _, tt := range []struct {
		name      string
		datagrams [][]byte
		entries   uint64
		is        error
		says      string
	}{
		{"an empty table", [][]byte{done}, 0, nil, ""},
		{"two datagrams", [][]byte{append(entry, entry...), append(entry, done...)}, 3, nil, ""},
		{"more than there were a moment ago", [][]byte{append(entry, entry...), append(append(entry, entry...), done...)}, 0, ErrTooBig, ""},
		{
			"no right", [][]byte{errno(syscall.EPERM)}, 0, ErrPermission,
			"conntrack: read the table: CAP_NET_ADMIN is missing: operation not permitted",
		},
		{"no right, to package fs", [][]byte{errno(syscall.EPERM)}, 0, fs.ErrPermission, ""},
		{"no memory in the middle", [][]byte{entry, say(typeDone, 1, number(-int32(syscall.ENOMEM))...)}, 0, syscall.ENOMEM, ""},
		{"an answer to somebody else", [][]byte{say(typeDone, 2, number(0)...)}, 0, nil, "answer to question 2, not 1"},
		{"half a header", [][]byte{done[:10]}, 0, errShort, ""},
		{"half a message", [][]byte{entry[:len(entry)-2]}, 0, errShort, ""},
		{"nothing behind the header", [][]byte{say(typeDone, 1)}, 0, errShort, ""},
		{"attributes past the end", [][]byte{say(256, 1, 2, 0, 0, 0, 200, 0, 1, 0)}, 0, errShort, ""},
		{"status of one byte", [][]byte{say(256, 1, 2, 0, 0, 0, 5, 0, 3, 0, 9)}, 0, errLength, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, s := kernelOf(t, time.Minute, tt.datagrams...)
			pass, err := c.Pass(t.Context(), nil, 3)
			switch {
			case tt.is == nil && tt.says == "":
				if err != nil || pass.Entries() != tt.entries {
					t.Errorf("%d entries, %v; want %d", pass.Entries(), err, tt.entries)
				}
			case err == nil || !errors.Is(err, tt.is) && tt.is != nil || !strings.Contains(err.Error(), tt.says):
				t.Errorf("%v; want %v %q", err, tt.is, tt.says)
			}
			if !s.closed {
				t.Error("the socket is left open")
			}
			// REQUEST | DUMP of IPCTNL_MSG_CT_GET, of both families.
			if want := string(say(257, 1, 0, 0, 0, 0)); string(s.sent[:6])+string(s.sent[8:]) != want[:6]+want[8:] ||
				s.sent[7] != 3 || s.sent[6] != 1 {
				t.Errorf("asked %x", s.sent)
			}
		})
	}
}

// TestNoAnswer has a kernel that never answers.
func TestNoAnswer(t *testing.T) {
	c, _ := kernelOf(t, time.Millisecond)
	if _, err := c.Pass(t.Context(), nil, 3); !errors.Is(err, os.ErrDeadlineExceeded) ||
		!strings.Contains(err.Error(), "not done within 1ms") {
		t.Errorf("%v", err)
	}
	c, _ = kernelOf(t, time.Hour)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone home")
	time.AfterFunc(time.Millisecond, func() { cancel(gone) })
	if _, err := c.Counters(ctx); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

// TestEndless has a kernel that never stops.
func TestEndless(t *testing.T) {
	entry := say(256, 1, append([]byte{2, 0, 0, 0}, anEntry(t)...)...)
	c, s := kernelOf(t, 20*time.Millisecond)
	s.datagrams = make([][]byte, 1<<20)
	for i := range s.datagrams {
		s.datagrams[i] = entry
	}
	if _, err := c.Pass(t.Context(), nil, 1<<30); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) &&
		!errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestSettings(t *testing.T) {
	c, _ := kernelOf(t, time.Minute)
	if s, err := c.Size(); err != nil || s != (Size{3, 100, 64, 4096}) {
		t.Errorf("%+v %v", s, err)
	}
	if to, err := c.Timeouts(); err != nil || to != (Timeouts{30 * time.Second, 2 * time.Minute}) {
		t.Errorf("%+v %v", to, err)
	}
	os.Remove(filepath.Join(c.config.Proc, settings, "nf_conntrack_count"))
	for _, err := range []error{second(c.Size()), second(c.Pass(t.Context(), nil, 3)), second(c.Counters(t.Context()))} {
		if !errors.Is(err, ErrAbsent) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without the module: %v", err)
		}
	}
	os.RemoveAll(filepath.Join(c.config.Proc, "sys/net"))
	if _, err := c.Size(); errors.Is(err, ErrAbsent) || err == nil || !strings.Contains(err.Error(), "is proc mounted at "+c.config.Proc) {
		t.Errorf("without proc: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
