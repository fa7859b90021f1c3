package ipvs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestErrors has every way in which the kernel says no, and what a caller makes of it.
func TestErrors(t *testing.T) {
	service := Service{ServiceKey: dns("192.0.2.1"), Scheduler: "wr"}
	for _, test := range []struct {
		name  string
		call  func(context.Context, *Client) error
		errno syscall.Errno
		is    error
		text  string
	}{
		{"no rights", snapshot, syscall.EPERM, ErrPermission,
			"ipvs: list services: CAP_NET_ADMIN is missing: operation not permitted"},
		{"module unloaded between two requests", snapshot, syscall.ENOENT, ErrAbsent,
			"ipvs: list services: no IPVS in this kernel (module ip_vs is not loaded): no such file or directory"},
		{"anything else", snapshot, syscall.ENOMEM, syscall.ENOMEM,
			"ipvs: list services: cannot allocate memory"},
		{"service twice", func(ctx context.Context, c *Client) error { return c.NewService(ctx, service) }, syscall.EEXIST, ErrExists,
			"ipvs: add service udp 192.0.2.1:53: in the IPVS table already: file exists"},
		{"scheduler unknown", func(ctx context.Context, c *Client) error { return c.SetService(ctx, service) }, syscall.ENOENT, syscall.ENOENT,
			"ipvs: change service udp 192.0.2.1:53: this kernel has no such scheduler or persistence engine: no such file or directory"},
		{"service missing", func(ctx context.Context, c *Client) error { return c.SetService(ctx, service) }, syscall.ESRCH, ErrMissing,
			"ipvs: change service udp 192.0.2.1:53: not in the IPVS table: no such process"},
		{"destination missing", func(ctx context.Context, c *Client) error {
			return c.SetDestination(ctx, service.ServiceKey, rs("192.0.2.21"))
		}, syscall.ENOENT, ErrMissing,
			"ipvs: change destination 192.0.2.21:53 of udp 192.0.2.1:53: not in the IPVS table: no such file or directory"},
		{"threshold wrong", func(ctx context.Context, c *Client) error {
			return c.NewDestination(ctx, service.ServiceKey, rs("192.0.2.21"))
		}, syscall.ERANGE, syscall.ERANGE,
			"ipvs: add destination 192.0.2.21:53 of udp 192.0.2.1:53: numerical result out of range"},
		{"daemon twice", func(ctx context.Context, c *Client) error { return c.NewDaemon(ctx, Daemon{Role: Backup}) }, syscall.EEXIST, ErrExists,
			"ipvs: start sync daemon backup: in the IPVS table already: file exists"},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := &kernel{answer: func(question) ([][]byte, error) { return nil, test.errno }}
			c := k.newClient(t)
			for range 2 {
				err := test.call(t.Context(), c)
				if !errors.Is(err, test.is) || !errors.Is(err, test.errno) {
					t.Errorf("error %v is not %v and %v", err, test.is, test.errno)
				}
				if err != nil && err.Error() != test.text {
					t.Errorf("error\n%v, want\n%s", err, test.text)
				}
			}
			if k.dialed != 1 {
				t.Errorf("dialed %d times: a plain no leaves the socket good", k.dialed)
			}
		})
	}
}

func snapshot(ctx context.Context, c *Client) error { _, err := c.Snapshot(ctx); return err }

// TestDeleteWhatIsMissing is a result, no error.
func TestDeleteWhatIsMissing(t *testing.T) {
	for _, test := range []struct {
		name string
		call func(context.Context, *Client) (bool, error)
		err  error
	}{
		{"service", func(ctx context.Context, c *Client) (bool, error) { return c.DeleteService(ctx, dns("192.0.2.1")) }, syscall.ESRCH},
		{"destination", func(ctx context.Context, c *Client) (bool, error) {
			return c.DeleteDestination(ctx, dns("192.0.2.1"), rs("192.0.2.21").DestinationKey)
		}, syscall.ENOENT},
		{"destination without service", func(ctx context.Context, c *Client) (bool, error) {
			return c.DeleteDestination(ctx, dns("192.0.2.1"), rs("192.0.2.21").DestinationKey)
		}, syscall.ESRCH},
		{"daemon", func(ctx context.Context, c *Client) (bool, error) { return c.DeleteDaemon(ctx, Master) }, syscall.ESRCH},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := &kernel{}
			c := k.newClient(t)
			for _, answer := range []struct {
				errno   error
				existed bool
				err     error
			}{{nil, true, nil}, {test.err, false, nil}, {syscall.EPERM, false, ErrPermission}} {
				k.setAnswer(func(question) ([][]byte, error) { return nil, answer.errno })
				existed, err := test.call(t.Context(), c)
				if existed != answer.existed || !errors.Is(err, answer.err) {
					t.Errorf("errno %v: existed %v, %v; want %v, %v", answer.errno, existed, err, answer.existed, answer.err)
				}
			}
		})
	}
}

func TestHungPeer(t *testing.T) {
	silent := errors.New("no answer")
	k := &kernel{answer: func(question) ([][]byte, error) { return nil, silent }}
	c := k.newClient(t)
	c.config.Timeout = time.Millisecond
	err := snapshot(t.Context(), c)
	if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "no answer from the kernel within 1ms") {
		t.Errorf("after the timeout: %v", err)
	}

	c.config.Timeout = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := snapshot(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the context's deadline: %v", err)
	}

	ctx, stop := context.WithCancelCause(t.Context())
	why := errors.New("shutting down")
	k.setAnswer(func(question) ([][]byte, error) {
		stop(why)
		return nil, silent
	})
	if err := snapshot(ctx, c); !errors.Is(err, why) {
		t.Errorf("cancelled: %v", err)
	}
	if err := snapshot(ctx, c); !errors.Is(err, why) {
		t.Errorf("cancelled before: %v", err)
	}

	k.setAnswer(memory(nil))
	if err := snapshot(t.Context(), c); err != nil {
		t.Errorf("after all this, with a kernel that answers: %v", err)
	}
}

// TestWaitsForItsTurn holds that a caller who waits for another one is not bound to it.
func TestWaitsForItsTurn(t *testing.T) {
	c := (&kernel{}).newClient(t)
	<-c.turn // somebody talks to the kernel
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := snapshot(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	c.turn <- struct{}{}
}

// TestLateAnswer: the rest of an answer that was given up must not be taken for the next one's.
func TestLateAnswer(t *testing.T) {
	table := []TableEntry{{Service: Service{ServiceKey: dns("192.0.2.1")}}}
	broken := []byte{200, 0, 1, 0}
	k := &kernel{}
	c := k.newClient(t)
	for _, test := range []struct {
		name   string
		answer [][]byte
	}{
		{"attribute too long", [][]byte{broken, broken, broken}},
		{"nothing inside", [][]byte{nil, broken}},
	} {
		k.setAnswer(func(question) ([][]byte, error) { return test.answer, nil })
		if err := snapshot(t.Context(), c); err == nil || !strings.HasPrefix(err.Error(), "ipvs: list services: ") {
			t.Errorf("%s: %v", test.name, err)
		}
		k.setAnswer(memory(table))
		got, err := c.Snapshot(t.Context())
		if err != nil || len(got.Entries) != 1 {
			t.Errorf("%s: then %v, %v", test.name, got, err)
		}
	}
	if k.dialed != 3 {
		t.Errorf("dialed %d times, want 3", k.dialed)
	}
}

// TestBadMessages has what no kernel sends.
func TestBadMessages(t *testing.T) {
	k := &kernel{answer: memory(nil)}
	c := k.newClient(t)
	next := func() uint32 { return c.sequence + 2 } // after the family's
	long := netlinkMessage(k.family, flagMulti, next(), make([]byte, 4))
	long[0]++
	for _, test := range []struct {
		name string
		raw  func() []byte
		text string
	}{
		{"answer to another question", func() []byte { return netlinkMessage(typeDone, 0, next()+7, n32(0)) }, "answer to question "},
		{"half a header", func() []byte { return make([]byte, 15) }, errShort.Error()},
		{"length below the header", func() []byte { return make([]byte, 16) }, errShort.Error()},
		{"length beyond the end", func() []byte { return long }, errShort.Error()},
		{"no generic header", func() []byte { return netlinkMessage(k.family, flagMulti, next()) }, errShort.Error()},
		{"no errno", func() []byte { return netlinkMessage(typeError, 0, next()) }, errShort.Error()},
		{"too long", func() []byte { return make([]byte, messageSize) }, "answer does not fit into the buffer"},
	} {
		dialed := k.dialed
		k.set(func() { k.raw = test.raw() })
		if err := snapshot(t.Context(), c); err == nil || !strings.HasPrefix(err.Error(), "ipvs: list services: "+test.text) {
			t.Errorf("%s: %v", test.name, err)
		}
		if err := snapshot(t.Context(), c); err != nil {
			t.Errorf("%s: then %v", test.name, err)
		}
		if k.dialed == dialed {
			t.Errorf("%s: went on with the same socket", test.name)
		}
	}
}

func TestReload(t *testing.T) {
	k := &kernel{answer: memory(nil)}
	c := k.newClient(t)
	if err := snapshot(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.config.Proc, "net", "ip_vs")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	before := k.asked
	if err := snapshot(t.Context(), c); !errors.Is(err, ErrAbsent) {
		t.Errorf("module unloaded: %v", err)
	}
	if k.asked != before {
		t.Error("asked netlink for IPVS that is not there: that would load it")
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	k.set(func() { k.family++ })
	if err := snapshot(t.Context(), c); err != nil {
		t.Errorf("module loaded again: %v", err)
	}
}

func TestAbsent(t *testing.T) {
	for _, test := range []struct {
		name, proc string
		absent     bool
		text       string
	}{
		{"no module", procWith(t, "", ""), true, "no IPVS in this kernel (module ip_vs is not loaded)"},
		{"no proc", filepath.Join(t.TempDir(), "nowhere"), false, "is proc mounted at "},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := New(Config{Proc: test.proc})
			c.dial = func() (socket, error) { t.Error("dialed"); return nil, errors.ErrUnsupported }
			_, _, procErr := Proc(test.proc).Table()
			for _, err := range []error{snapshot(t.Context(), c), procErr} {
				if errors.Is(err, ErrAbsent) != test.absent || !strings.Contains(err.Error(), test.text) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

func TestBadRequests(t *testing.T) {
	c := (&kernel{answer: func(question) ([][]byte, error) {
		t.Error("sent it to the kernel")
		return nil, nil
	}}).newClient(t)
	good := dns("192.0.2.1")
	for _, test := range []struct {
		name string
		err  error
		text string
	}{
		{"no key", c.NewService(t.Context(), Service{}), "service has no address family"},
		{"wrong family", c.Zero(t.Context(), ServiceKey{Family: IPv6, Addr: good.Addr}), "address 192.0.2.1 is no ipv6 address"},
		{
			"netmask of the other family",
			c.SetService(t.Context(), Service{ServiceKey: good, Netmask: MaskBits(IPv6, 64)}),
			"netmask 64 is no ipv4 netmask",
		},
		{
			"half a second", c.SetService(t.Context(), Service{ServiceKey: good, Timeout: time.Second / 2}),
			"persistence timeout 500ms is not a number of whole seconds",
		},
		{"negative", c.SetTimeouts(t.Context(), Timeouts{UDP: -time.Second}), "UDP timeout -1s is not a number of whole seconds"},
		{"no destination", c.NewDestination(t.Context(), good, Destination{}), "destination has no address"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.text) {
			t.Errorf("%s: got %v, want %q in it", test.name, test.err, test.text)
		}
	}
}
