package ipvs

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"
)

// connectionTable is a table of n UDP entries: 64 virtual servers, 8 real servers each, both families.
func connectionTable(n int) []byte {
	var b bytes.Buffer
	b.WriteString("Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n")
	for i := range n {
		vip, rip := i%64, i%512
		if i%4 == 0 {
			fmt.Fprintf(&b, "UDP 2001:0db8:0000:0000:0000:%04x:%04x:0050 %04X 2001:0db8:0000:0000:0000:0000:0000:%04x 0035 2001:0db8:0000:0000:0000:0000:0001:%04x 0035 UDP             %3d\n",
				i>>16, i&0xffff, 1024+i%60000, vip, rip, i%300)
		} else {
			fmt.Fprintf(&b, "UDP %08X %04X C00002%02X 0035 C000%04X 0035 UDP             %3d\n", 0xCB000000+i, 1024+i%60000, vip, rip, i%300)
		}
	}
	return b.Bytes()
}

// BenchmarkParseConnections and BenchmarkTally read a million entries; the kernel's own work is not in it. Compare processor
// times: on a busy machine the others say nothing.
func BenchmarkParseConnections(b *testing.B) {
	benchmarkConnections(b, func() func(Connection) error { return func(Connection) error { return nil } })
}

func BenchmarkTally(b *testing.B) {
	benchmarkConnections(b, func() func(Connection) error {
		var t Tally
		return func(c Connection) error { t.Add(c); return nil }
	})
}

func benchmarkConnections(b *testing.B, each func() func(Connection) error) {
	const entries = 1_000_000
	text := connectionTable(entries)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	n, before := 0, processorTime(b)
	for b.Loop() {
		if err := ParseConnections(bytes.NewReader(text), each()); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(processorTime(b)-before)/float64(n)/entries, "cpu-ns/entry")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
