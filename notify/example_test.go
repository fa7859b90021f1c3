package notify_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

// keepalived has started its scripts all at once, and the one that says backup came last. The address is on this host.
func ExampleDocument_Settle() {
	vip := notify.Address{Addr: netip.MustParseAddr("192.0.2.53"), Interfaces: []string{"eth0"}}
	d := notify.Document{Configured: &notify.Configured{
		Instances: []notify.Owner{{Name: "VI_DNS", Addresses: []notify.Address{vip}}},
		Groups:    []notify.Grouping{{Name: "VG", Members: []string{"VI_DNS"}}},
	}}
	for n, state := range []string{"MASTER", "BACKUP"} {
		e, err := notify.ParseEvent("INSTANCE", "VI_DNS", state, "150")
		if err != nil {
			fmt.Println(err)
			return
		}
		e.Mark = notify.Mark{Born: time.Duration(n+1) * time.Second, PID: 100 + n}
		d.Add(e)
	}
	d.Settle([]notify.Held{{Addr: vip.Addr, Interface: "eth0"}}, time.Now())
	for _, r := range d.Records {
		fmt.Printf("%s: %s, holds %d of %d, keepalived disagrees: %t\n", r.Subject, r.State, r.Held, r.Of, r.Disagree)
	}
	// Output:
	// instance VI_DNS: master, holds 1 of 1, keepalived disagrees: true
	// group VG: master, holds 1 of 1, keepalived disagrees: true
}

// A line of the journal, and of what a hook hands on.
func ExampleDecodeEvent() {
	e, err := notify.DecodeEvent(`group "VG 1" fault 0 fifo 90000000000 4711 1767323001000000000 false`)
	fmt.Println(e.Subject, e.State, e.Born, e.At.UTC(), err)
	// Output: group VG 1 fault 1m30s 2026-01-02 03:03:21 +0000 UTC <nil>
}
