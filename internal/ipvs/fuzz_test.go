package ipvs

import (
	"bytes"
	"testing"
)

// The decoders are total: any bytes give a value or an error. What they give can be sent to the kernel, and
// comes back the same.

func seed(f *testing.F, what string, kind uint16) {
	for _, d := range readDumps(f, "testdata/linux-6.1.176.hex") {
		b := d.attrs
		if kind != 0 && d.what == what {
			var err error
			if b, err = within(d.attrs, kind); err != nil {
				f.Fatal(err)
			}
		}
		if d.what == what {
			f.Add(b)
		}
	}
}

func FuzzDecodeService(f *testing.F) {
	seed(f, "service", attrService)
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again Service
		if decodeService(b, &s) != nil {
			return
		}
		var reply builder
		if reply.service(s) != nil {
			return // a time of more than 2^31 seconds
		}
		out, err := within(reply.b, attrService)
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeService(out, &again); err != nil {
			t.Fatal(err)
		}
		s.Flags, s.Stats = s.Flags.Settings(), Stats{}
		if again != s {
			t.Errorf("%#v\ncame back as\n%#v", s, again)
		}
	})
}

func FuzzDecodeDestination(f *testing.F) {
	seed(f, "destination", attrDest)
	f.Fuzz(func(t *testing.T, b []byte) {
		var d, again Destination
		if decodeDestination(b, IPv6, &d) != nil {
			return
		}
		var reply builder
		if err := reply.destination(d); err != nil {
			t.Fatal(err)
		}
		out, err := within(reply.b, attrDest)
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeDestination(out, IPv4, &again); err != nil {
			t.Fatal(err)
		}
		d.Stats, d.Active, d.Inactive, d.Persistent = Stats{}, 0, 0, 0
		if again != d {
			t.Errorf("%#v\ncame back as\n%#v", d, again)
		}
	})
}

func FuzzDecodeRest(f *testing.F) {
	seed(f, "daemon", attrDaemon)
	seed(f, "timeouts", 0)
	seed(f, "info", 0)
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Daemon
		_ = decodeDaemon(b, &d)
		var to Timeouts
		_ = decodeTimeouts(b, &to)
		var i Info
		_ = decodeInfo(b, &i)
		_, _ = within(b, attrDaemon)
	})
}

func FuzzParseProc(f *testing.F) {
	f.Add([]byte(tableHead + "UDP  C0000201:0035 rr ops persistent 36000 FFFF0000\n  -> C0000215:0035      Route   1      0          0\n"))
	f.Add([]byte(tableHead + "FWM  0000000A rr \n  -> [2001:0db8:0000:0000:0000:0000:0000:0021]:0000      Route   1      0          0\n"))
	f.Add([]byte(statsText))
	f.Add([]byte(cpuText))
	f.Add([]byte(connText))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = ParseTable(bytes.NewReader(b))
		_, _ = ParseStats(bytes.NewReader(b))
		_, _ = ParseCPUStats(bytes.NewReader(b))
		_ = ParseConnections(bytes.NewReader(b), func(Connection) error { return nil })
	})
}

// FuzzDatagram: netlink messages too.
func FuzzDatagram(f *testing.F) {
	f.Add(cat(netlinkMessage(0x22, flagMulti, 7, make([]byte, 4)), netlinkMessage(typeDone, flagMulti, 7, n32(0))))
	f.Add(netlinkMessage(typeError, 0, 7, n32(1<<32-1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := Client{sequence: 7}
		_, _ = c.datagram(b, func([]byte) error { return nil })
	})
}
