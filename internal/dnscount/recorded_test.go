package dnscount

import (
	"encoding/binary"
	"os"
	"testing"
)

// readPcap reads a file of tcpdump (pcap-savefile(5)), in either byte order. own is the MAC of the host it was
// recorded on: such a file does not say which packets came in.
func readPcap(t testing.TB, file string, own [6]byte) (all []Frame) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) < 24 || binary.LittleEndian.Uint32(b) != 0xa1b2c3d4 || binary.LittleEndian.Uint32(b[20:]) != 1 {
		t.Fatalf("%s is no pcap file of Ethernet frames in this byte order", file)
	}
	for b = b[24:]; len(b) >= 16; {
		word := func(n int) int64 { return int64(binary.LittleEndian.Uint32(b[4*n:])) }
		size := word(2)
		f := Frame{Data: b[16 : 16+size], Wire: int(word(3)), Time: word(0)*1e9 + word(1)*1e3}
		switch {
		case [6]byte(f.Data[6:]) == own:
			f.Kind = Outgoing
		case f.Data[0]&1 != 0:
			f.Kind = Multicast
		}
		all = append(all, f)
		b = b[16+size:]
	}
	return all
}

func counted(t testing.TB, file string) Report {
	c := New(Options{Seed: 1})
	c.Use(realServer())
	var now int64
	for _, f := range readPcap(t, file, macHost) {
		c.Frame(&f)
		now = f.Time
	}
	c.Tick(now + 100e9)
	return c.Report()
}

// TestRecorded counts what real clients and NSD said to each other: see testdata/record.sh.
func TestRecorded(t *testing.T) {
	r := counted(t, "testdata/nsd.pcap")
	for family, s := range r.Services {
		c := s.Counts
		transfers := uint64(1 - family) // the zone was fetched over IPv4 only
		var types, rcodes, tcpRcodes, flags [24]uint64
		copy(types[:], c.ByType[:])
		copy(rcodes[:], c.Responses[UDP][:])
		copy(tcpRcodes[:], c.Responses[TCP][:])
		copy(flags[:], c.ResponseFlags[:])
		for _, tt := range []struct {
			what      string
			got, want uint64
		}{
			{"queries, UDP", c.Queries[UDP][family], 11},
			{"queries, TCP", c.Queries[TCP][family], 4 + transfers},
			{"connections", c.Connections, 2 + transfers},
			{"connections with 5 questions or fewer and more than 2", c.PerConnection.Buckets[3], 1},
			{"A", types[0], 5},
			{"AAAA", types[7], 2},
			{"MX", types[5], 2},
			{"TXT", types[6], 3},
			{"SOA", types[3], 2},
			{"HTTPS", types[15], 1},
			{"AXFR", types[17], transfers},
			{"notify", c.ByOpcode[3], 1},
			{"DO", c.QueryFlags[3], 1},
			{"no EDNS", c.EDNS[0], 1},
			{"EDNS 1", c.EDNS[2], 1},
			{"cookies", c.Cookies, 1},
			{"subnets", c.Subnets, 1},
			{"NOERROR, UDP", rcodes[0], 7},
			{"NXDOMAIN, UDP", rcodes[3], 1},
			{"REFUSED, UDP", rcodes[5], 2},
			{"BADVERS, UDP", rcodes[9], 1},
			{"NOERROR, TCP", tcpRcodes[0], 3 + transfers},
			{"NXDOMAIN, TCP", tcpRcodes[3], 1},
			{"no data", c.NoData, 2},
			{"truncated", c.Truncated[family], 1},
			{"TC", flags[1], 1},
			{"fragmented", c.Fragmented[Response][family], 1},
			{"first fragments", c.Fragments[First][Response], 1},
			{"later fragments", c.Fragments[Later][Response], 2},
			{"unattributed fragments", c.Fragments[Unattributed][Response], 0},
			{"latencies, UDP", c.Latency[UDP].Count(), 11},
			{"latencies, TCP", c.Latency[TCP].Count(), 4 + transfers},
			{"more messages of transfers", c.Transfers, 0},
			{"unanswered", c.Unanswered, 0},
			{"orphans", c.Orphans, 0},
			{"times lost", c.Desyncs, 0},
			{"responses above 2048 octets, UDP", c.ResponseSize[UDP].Buckets[7], 1},
		} {
			if tt.got != tt.want {
				t.Errorf("%s: %s: %d, want %d", s.At, tt.what, tt.got, tt.want)
			}
		}
	}
	if r.Totals.Undecodable != 0 {
		t.Errorf("%d packets that nobody could read", r.Totals.Undecodable)
	}
}

// TestRecordedPipelined: dnsperf had up to 40 questions under way in two connections, 100 in all.
func TestRecordedPipelined(t *testing.T) {
	r := counted(t, "testdata/pipelined.pcap")
	c := r.Services[0].Counts
	if c.Queries[TCP][0] != 100 || c.Responses[TCP][0] != 50 || c.Responses[TCP][3] != 50 || c.Latency[TCP].Count() != 100 ||
		c.QueryFlags[3] != 100 ||
		c.Unanswered+c.Orphans+c.Desyncs != 0 || c.Connections != 2 {
		t.Errorf("%+v", c)
	}
}
