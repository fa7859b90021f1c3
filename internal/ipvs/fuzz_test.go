package ipvs

import (
	"bytes"
	"io"
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

// FuzzScan: the connection table in any state, held against any table. Each entry is counted once, in some place.
func FuzzScan(f *testing.F) {
	f.Add([]byte(connText), []byte(tableHead+"UDP  C0000201:0035 rr\n  -> C0000215:0035      Route   1      0          0\n"), uint8(0))
	f.Add([]byte(connText), []byte(tableHead+"FWM  0000000A rr \n  -> C0000215:0000      Masq    0      0          0\n"), uint8(2))
	f.Add(
		[]byte("UDP 2001:0db8:0000:0000:0000:0000:0000:0050 0000 2001:0db8:0000:0000:0000:0000:0000:0001 0035 C0000215 0035 NONE 9"),
		[]byte(nil), uint8(9),
	)
	f.Fuzz(func(t *testing.T, connections, table []byte, limit uint8) {
		var tally Tally
		err := ParseConnections(&slowly{connections, int(limit)}, func(c Connection) error {
			tally.Add(c)
			return nil
		})
		var again Tally
		if e := ParseConnections(
			bytes.NewReader(connections), func(c Connection) error { again.Add(c); return nil },
		); (e == nil) != (err == nil) || again.Entries != tally.Entries {
			t.Errorf("%d entries, %v; in pieces of %d bytes %d, %v", again.Entries, e, limit, tally.Entries, err)
		}
		parsed, _, _ := ParseTable(bytes.NewReader(table))
		n := 0
		for _, h := range tally.Attribute(parsed, nil) {
			states := 0
			for _, count := range h.States {
				states += count
			}
			if h.Live+h.Drained+h.Missing+h.States[StateTemplate] != states || h.Bound > h.States[StateTemplate] {
				t.Errorf("%+v does not add up", h)
			}
			n += states
		}
		if n != tally.Entries {
			t.Errorf("%d entries are somebody's, of %d", n, tally.Entries)
		}
	})
}

// slowly gives at most so many bytes at once; 0: all.
type slowly struct {
	rest []byte
	most int
}

func (s *slowly) Read(b []byte) (int, error) {
	if s.most > 0 && len(b) > s.most {
		b = b[:s.most]
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func FuzzParseStatus(f *testing.F) {
	f.Add([]byte("Conns:\t9401\nConn buckets:\t524288 (19 bits, lfactor -5)\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if all, err := ParseStatus(bytes.NewReader(b)); err != nil && all != nil {
			t.Errorf("%v and %v", all, err)
		}
	})
}
