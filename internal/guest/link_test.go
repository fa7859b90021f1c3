package guest

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// TestLink lets a program on the host's side greet the command in the guest.
func TestLink(t *testing.T) {
	needRoot(t)
	for _, kernel := range []struct{ name, program string }{{"uml", "linux.uml"}, {"qemu", "qemu-system-x86_64"}} {
		t.Run(kernel.name, func(t *testing.T) {
			if _, err := exec.LookPath(kernel.program); err != nil {
				t.Skipf("%s is not installed: run lab/setup.sh", kernel.program)
			}
			if _, err := os.Stat("/dev/net/tun"); err != nil {
				t.Skip("a tap device takes /dev/net/tun, which is not here")
			}
			l := newLink(t)
			greet(t, l, "hello from outside")
			var out, console bytes.Buffer
			status, err := Run(t.Context(), Spec{
				Kernel: kernel.name, Dir: "/", Link: l, Env: os.Environ(), Stdout: &out, Stderr: &out, Console: &console,
				Argv: []string{
					"bash", "-c",
					`ip address add 10.9.9.2/24 dev "$LVSDNS_LAB_LINK" && ip link set "$LVSDNS_LAB_LINK" up && exec cat </dev/tcp/10.9.9.1/7000`,
				},
			})
			if status != 0 || err != nil || out.String() != "hello from outside" {
				t.Errorf("status %d, error %v, output %q\n%s", status, err, &out, &console)
			}
		})
	}
}

// TestLinkOnTheHostsKernel needs no guest: what would run in it is this test.
func TestLinkOnTheHostsKernel(t *testing.T) {
	needRoot(t)
	l := newLink(t)
	if err := l.veth(); err != nil {
		t.Fatal(err)
	}
	var got []byte
	err := netns.Do(l.inner, func() error {
		cmd := exec.Command("bash", "-c", "ip address add 10.9.9.2/24 dev eth0 && ip link set eth0 up && exec cat </dev/tcp/10.9.9.1/7000")
		greet(t, l, "hello")
		var err error
		got, err = cmd.CombinedOutput()
		return err
	})
	if err != nil || string(got) != "hello" {
		t.Errorf("error %v, output %q", err, got)
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if a, _ := i.Addrs(); strings.Contains(i.Name, "veth0") && len(a) > 0 && strings.HasPrefix(a[0].String(), "10.9.9.") {
			t.Errorf("the link's %s is in this test's own namespace", i.Name)
		}
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if kind := os.Getenv("LVSDNS_LAB"); kind != "" {
		t.Skipf("this is a %s guest already, and a guest in a guest is another matter", kind)
	}
	if os.Getuid() != 0 {
		t.Skip("namespaces and guests belong to root: run the tests as root")
	}
}

func newLink(t *testing.T) *Link {
	t.Helper()
	l, err := NewLink(netip.MustParsePrefix("10.9.9.1/24"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// greet answers connections on the host's side.
func greet(t *testing.T, l *Link, text string) {
	t.Helper()
	var listener net.Listener
	err := netns.Do(l.ns, func() (err error) {
		listener, err = net.Listen("tcp", ":7000")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte(text))
			c.Close()
		}
	}()
}
