//go:build lab

package ipvs

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// recorded is what the recordings show: one of each kind.
const recorded = `-A -t 192.0.2.1:53 -s wlc -p 300 -M 255.255.0.0
-a -t 192.0.2.1:53 -r 192.0.2.21:53 -g -w 3 -x 10 -y 5
-a -t 192.0.2.1:53 -r 192.0.2.22:5353 -m -w 0
-A -u [2001:db8::1]:53 -s sh -p 20 -M 64 -b sh-fallback,sh-port
-a -u [2001:db8::1]:53 -r [2001:db8::21]:53 -m -w 65535
-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip
-A --sctp-service 192.0.2.1:2905 -s mh -b mh-port
-A -t 192.0.2.2:0 -s rr -p 360
-A -f 7 -s rr
-A -f 7 -6 -s wrr -o
-a -f 7 -6 -r 192.0.2.21 -i --tun-type gue --tun-port 6080 --tun-csum
-a -f 7 -6 -r [2001:db8::21]:0 -i --tun-type gre
-a -f 7 -6 -r [2001:db8::22]:0 -i
`

// TestRecordDumps writes down what this kernel says (-update), or holds that it still says it in the same form.
func TestRecordDumps(t *testing.T) {
	requireLab(t)
	c := labClient(t)
	ip(t, "link", "add", "sync0", "mtu", "1500", "type", "dummy")
	t.Cleanup(func() { ip(t, "link", "del", "sync0") })
	ip(t, "link", "set", "sync0", "multicast", "on", "addrgenmode", "none", "up")
	ip(t, "address", "add", "192.0.2.1/24", "dev", "sync0")

	// A daemon first: where destinations of another family exist it can't be started.
	if err := c.NewDaemon(t.Context(), Daemon{Role: Backup, Interface: "sync0", SyncID: 7}); err != nil {
		t.Fatal(err)
	}
	daemons := record(t, c, request{command: cmdGetDaemon, flags: flagDump}, "daemon")
	ipvsadm(t, "", "-L", "--daemon") // time for it to run: see DeleteDaemon
	if _, err := c.DeleteDaemon(t.Context(), Backup); err != nil {
		t.Fatal(err)
	}
	ipvsadm(t, recorded, "-R")
	traffic(t, c, netip.MustParseAddrPort("10.9.9.9:53"), 3, 10)
	for range 50 { // the estimator runs every two seconds
		if s, err := (Proc("")).Stats(); err != nil || s.InPackets > 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}

	var all []dump
	all = append(all, record(t, c, request{command: cmdGetInfo}, "info")...)
	all = append(all, record(t, c, request{command: cmdGetConfig}, "timeouts")...)
	all = append(all, daemons...)
	for _, d := range record(t, c, request{command: cmdGetService, flags: flagDump}, "service") {
		b, err := within(d.attrs, attrService)
		if err != nil {
			t.Fatal(err)
		}
		var s Service
		if err := decodeService(b, &s); err != nil {
			t.Fatal(err)
		}
		key := built(func(b *builder) error { return b.key(s.ServiceKey) })
		all = append(all, d)
		all = append(all, record(t, c, request{command: cmdGetDest, flags: flagDump, attrs: key}, "destination")...)
	}

	release := kernelRelease(t)
	path := filepath.Join("testdata", "linux-"+release+".hex")
	if *update {
		var b strings.Builder
		fmt.Fprintf(&b, "# what Linux %s says (go test -tags lab, RecordDumps -update)\n", release)
		for _, d := range all {
			fmt.Fprintf(&b, "%s %s\n", d.what, hex.EncodeToString(d.attrs))
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no recording of Linux %s: make one with -update", release)
	}
	want := map[string]bool{}
	for _, d := range readDumps(t, path) {
		want[form(d)] = true
	}
	for _, d := range all {
		if !want[form(d)] {
			t.Errorf("this kernel says something new: %s\n%x", form(d), d.attrs)
		}
	}
}

func record(t *testing.T, c *Client, r request, what string) []dump {
	t.Helper()
	var all []dump
	if err := c.ask(t.Context(), r, func(attrs []byte) error {
		all = append(all, dump{what, append([]byte(nil), attrs...)})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// form is a dump without its values: kinds and lengths of attributes, and of what is within the first.
func form(d dump) string {
	var b strings.Builder
	b.WriteString(d.what)
	for w := (walker{rest: d.attrs}); w.next(); {
		fmt.Fprintf(&b, " %d(", w.kind)
		for inner := (walker{rest: w.value}); inner.next(); {
			if d.what != "service" || inner.kind != svcScheduler { // a name of any length
				fmt.Fprintf(&b, " %d:%d", inner.kind, len(inner.value))
			}
		}
		b.WriteString(")")
	}
	return b.String()
}

func kernelRelease(t *testing.T) string {
	t.Helper()
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	return unix.ByteSliceToString(u.Release[:])
}
