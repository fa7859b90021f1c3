package dnstap

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	reference "github.com/dnstap/golang-dnstap"
	framestream "github.com/farsightsec/golang-framestream"
	"google.golang.org/protobuf/proto"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

var view = dnscount.View{
	Services: []dnscount.Service{{Addr: netip.MustParseAddr("192.0.2.1"), Port: 53}, {Addr: netip.MustParseAddr("2001:db8::1"), Port: 53}},
	Local:    []netip.Addr{netip.MustParseAddr("192.0.2.21")},
}

// start listens, and ends with the test.
func start(t testing.TB, address string, most int) *Listener {
	t.Helper()
	l := New(Config{Address: address, Max: most})
	if err := l.Update(view); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	await(t, l, "it listens", func(r Report) bool { return r.Err == nil })
	return l
}

func await(t testing.TB, l *Listener, what string, ok func(Report) bool) Report {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		r := l.Read()
		if ok(r) {
			return r
		}
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s; %+v %v", what, r.Stats, r.Err)
		}
	}
}

func dial(t testing.TB, address string) net.Conn {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// sender connects with the reference implementation of frame streams.
func sender(t testing.TB, address string, twoWay bool) *framestream.Writer {
	t.Helper()
	types := [][]byte{[]byte(contentType)}
	if twoWay { // it may offer more than one
		types = append([][]byte{[]byte("other")}, types...)
	}
	w, err := framestream.NewWriter(dial(t, address), &framestream.WriterOptions{ContentTypes: types, Bidirectional: twoWay, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// freePort is an address of the loopback where nobody listens.
func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// exchange is a query and its response, which took two milliseconds.
func exchange(t testing.TB, i int, now time.Time, change func(*reference.Message)) [2][]byte {
	both := func(m *reference.Message) {
		m.QueryMessage[1] = byte(i)
		m.QueryTimeSec, m.QueryTimeNsec = proto.Uint64(uint64(now.Unix())), proto.Uint32(uint32(now.Nanosecond()))
		if change != nil {
			change(m)
		}
	}
	return [2][]byte{frame(t, both), frame(t, func(m *reference.Message) {
		both(m)
		m.Type = reference.Message_CLIENT_RESPONSE.Enum()
		m.ResponseMessage, m.QueryMessage = m.QueryMessage, nil
		m.ResponseMessage[2] |= 0x80
		m.ResponseMessage[3] = []byte{0, 3, 2}[i%3]
		later := now.Add(2 * time.Millisecond)
		m.ResponseTimeSec, m.ResponseTimeNsec = proto.Uint64(uint64(later.Unix())), proto.Uint32(uint32(later.Nanosecond()))
	})}
}

// TestTold: both sorts of sockets, both sorts of senders; each number is what was told.
func TestTold(t *testing.T) {
	for name, address := range map[string]string{"a path": filepath.Join(t.TempDir(), "tap"), "the loopback": freePort(t)} {
		t.Run(name+", two ways", func(t *testing.T) { told(t, address, true) })
		t.Run(name+", one way", func(t *testing.T) { told(t, address, false) })
	}
}

func told(t *testing.T, address string, twoWay bool) {
	l := start(t, address, 0)
	w := sender(t, address, twoWay)
	now := time.Now()
	const count = 30
	say := func(both [2][]byte) {
		for _, b := range both {
			if _, err := w.WriteFrame(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range count {
		say(exchange(t, i, now, nil))
		say(exchange(t, i, now, func(m *reference.Message) {
			m.QueryAddress, m.ResponseAddress = append(make([]byte, 15), 5), netip.MustParseAddr("2001:db8::1").AsSlice()
			m.SocketProtocol = reference.SocketProtocol_DOT.Enum()
		}))
	}
	say(exchange(t, 1, now, func(m *reference.Message) { m.QueryAddress = []byte{192, 0, 2, 21} })) // a check of this host
	say(exchange(t, 1, now, func(m *reference.Message) { m.QueryAddress = []byte{192, 0, 2, 1} }))  // the same, from the VIP
	say(exchange(t, 1, now, func(m *reference.Message) { m.ResponseAddress = []byte{192, 0, 2, 21} }))
	say(exchange(t, 200, now, func(m *reference.Message) {
		m.SocketProtocol = reference.SocketProtocol_TCP.Enum()
		m.QueryMessage = append(m.QueryMessage, make([]byte, 60000)...)
	}))
	if err := w.Close(); err != nil { // waits for FINISH, if it is that sort
		t.Error(err)
	}
	r := await(t, l, "the end", func(r Report) bool { return r.Frames == 4*count+8 && r.Connections == 0 })
	if r.Accepted != 1 || r.Broken != 0 || r.Ignored != [5]uint64{Unwanted: 6} || r.Messages != [9]uint64{1: 2 * count, 2: 2, 3: 2 * count} {
		t.Errorf("%+v", r.Stats)
	}
	v4, v6 := r.Services[0].Counts, r.Services[1].Counts
	for _, tt := range []struct {
		what      string
		got, want uint64
	}{
		{"queries", v4.Queries[0][0], count}, {"queries over TCP", v4.Queries[1][0], 1}, {"queries over TLS, IPv6", v6.Queries[1][1], count},
		{"AAAA", v4.ByType[7], count + 1}, {"NOERROR", v4.Responses[0][0], count / 3}, {"NXDOMAIN", v4.Responses[0][3], count / 3}, {"SERVFAIL", v4.Responses[0][2], count / 3},
		{"latencies", v4.Latency[0].Count(), count}, {"latencies up to 2.5 ms", v6.Latency[1].Buckets[5], count}, {"large responses", v4.ResponseSize[1].Sum, 60029},
		{"unanswered", v4.Unanswered + v6.Unanswered, 0}, {"orphans", v4.Orphans + v6.Orphans, 0},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d, want %d", tt.what, tt.got, tt.want)
		}
	}
}

// word is four octets.
func word(n ...uint32) (b []byte) {
	for _, n := range n {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

var opened = append(word(0, 4+8+uint32(len(contentType)), controlStart, fieldContentType, uint32(len(contentType))), contentType...)

// TestHostile: whoever says something else is closed, and is no matter to the others.
func TestHostile(t *testing.T) {
	const most = 8
	address := filepath.Join(t.TempDir(), "tap")
	l := start(t, address, most)
	good := sender(t, address, true)
	broken := uint64(0)
	for name, b := range map[string][]byte{
		"HTTP":                  []byte("GET / HTTP/1.1\r\n\r\n"),
		"a data frame first":    word(7),
		"a control frame of 3":  word(0, 3, 0),
		"a control frame of 4G": word(0, 1<<32-1, controlReady),
		"STOP first":            word(0, 4, controlStop),
		"READY without an end":  word(0, 12, controlReady, 1, 1<<31),
		"other content":         append(word(0, 4+8+3, controlStart, 1, 3), "foo"...),
		"a frame of 4G":         append(opened[:len(opened):len(opened)], word(1<<32-1)...),
		"a frame too large":     append(opened[:len(opened):len(opened)], word(maxFrame+1)...),
		"half a frame":          append(opened[:len(opened):len(opened)], word(100, 1)...),
		"half a large frame":    append(opened[:len(opened):len(opened)], word(maxFrame, 1)...),
		"half a length":         append(opened[:len(opened):len(opened)], 0, 0),
	} {
		conn := dial(t, address)
		if _, err := conn.Write(b); err != nil {
			t.Fatal(name, err)
		}
		_ = conn.(*net.UnixConn).CloseWrite()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Log(name, err) // reset: what was sent was not read
		} else if err != nil {
			t.Errorf("%s: the connection stays", name)
		}
		broken++
		await(t, l, name+" is broken", func(r Report) bool { return r.Broken == broken && r.Connections == 1 })
	}
	// Frames that are none cost the one who sends them nothing but the frames.
	for _, b := range [][]byte{{0xff}, {0x72, 5, 1}, {}} {
		if len(b) > 0 {
			if _, err := good.WriteFrame(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 10 {
		for _, b := range exchange(t, i, time.Now(), nil) {
			if _, err := good.WriteFrame(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = good.Flush()
	await(t, l, "the good one is counted", func(r Report) bool {
		return r.Ignored[Undecodable] == 2 && r.Services[0].Counts.Latency[0].Count() == 10
	})
	for range most + 3 {
		dial(t, address)
	}
	await(t, l, "those that are too many are refused", func(r Report) bool { return r.Connections == most && r.Refused == 4 })
}

// TestMemory: as many as may connect, and each has begun the largest frame there may be.
func TestMemory(t *testing.T) {
	address := filepath.Join(t.TempDir(), "tap")
	l := start(t, address, 0)
	inUse := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before := inUse()
	for range 32 {
		conn := dial(t, address)
		b := append(opened[:len(opened):len(opened)], word(maxFrame)...)
		if _, err := conn.Write(append(b, make([]byte, maxFrame-1)...)); err != nil {
			t.Fatal(err)
		}
	}
	await(t, l, "all are connected", func(r Report) bool { return r.Connections == 32 })
	const most = 32 * (maxFrame + usualFrame + 16<<10)
	if after := inUse(); after > before+most {
		t.Errorf("%d KiB for 32 connections, want %d at most", (after-before)>>10, most>>10)
	} else {
		t.Logf("%d KiB for 32 connections", (int64(after)-int64(before))>>10)
	}
	b := exchange(t, 1, time.Now(), nil)
	if n := testing.AllocsPerRun(100, func() { l.take(b[0]); l.take(b[1]) }); n != 0 {
		t.Errorf("%g allocations for an exchange", n)
	}
}

// TestTimes: a time that cannot be is not one for which a query waits.
func TestTimes(t *testing.T) {
	now := time.Unix(2e9, 0)
	l := New(Config{Now: func() time.Time { return now }})
	_ = l.Update(view)
	for i, at := range []time.Time{now, now.Add(time.Hour), now.Add(-time.Hour), time.Unix(0, 0), time.Unix(9e9, 0)} {
		l.take(exchange(t, i, at, nil)[0])
	}
	if r := l.Read(); r.Services[0].Counts.Unanswered != 0 {
		t.Errorf("%d are unanswered at once", r.Services[0].Counts.Unanswered)
	}
	now = now.Add(9 * time.Second)
	if r := l.Read(); r.Services[0].Counts.Unanswered != 5 {
		t.Errorf("%d are unanswered, want 5", r.Services[0].Counts.Unanswered)
	}
}

func TestSocket(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tap")
	// What a process that was killed has left.
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	s, err := openSocket(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0o666 || !s.there() {
		t.Errorf("%v %v", info, err)
	}
	if _, err := openSocket(path); err == nil || !strings.Contains(err.Error(), "run twice") {
		t.Errorf("a second one: %v", err)
	}
	s.close()
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("%v is left, %v", names, err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openSocket(path); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("a file: %v", err)
	}
	if _, err := openSocket(filepath.Join(dir, "none", "tap")); err == nil || !strings.Contains(err.Error(), "make the directory") {
		t.Errorf("no directory: %v", err)
	}
}

// FuzzStream: whatever comes, reading ends, and no frame is larger than one may be.
func FuzzStream(f *testing.F) {
	f.Add(opened)
	f.Add(append(append(append(opened[:len(opened):len(opened)], word(5)...), "12345"...), word(0, 4, controlStop)...))
	f.Add(append(append(word(0, 12+uint32(len(contentType)), controlReady, 1, uint32(len(contentType))), contentType...), opened...))
	f.Fuzz(func(t *testing.T, b []byte) {
		conn := struct {
			io.Reader
			io.Writer
		}{strings.NewReader(string(b)), io.Discard}
		s := newStream(conn, func(time.Duration) {})
		err := s.begin()
		total := 0
		for err == nil {
			var frame []byte
			if frame, err = s.next(); err == nil {
				if len(frame) == 0 || len(frame) > maxFrame {
					t.Fatalf("a frame of %d octets", len(frame))
				}
				total += len(frame)
			}
		}
		if total > len(b) {
			t.Fatalf("%d octets of %d", total, len(b))
		}
	})
}

func BenchmarkTake(b *testing.B) {
	l := New(Config{Address: "/none"})
	_ = l.Update(view)
	both := exchange(b, 1, time.Now(), nil)
	b.ReportAllocs()
	for b.Loop() {
		l.take(both[0])
		l.take(both[1])
	}
}

// BenchmarkReference is what the generated decoder alone costs for the same.
func BenchmarkReference(b *testing.B) {
	both := exchange(b, 1, time.Now(), nil)
	b.ReportAllocs()
	for b.Loop() {
		for _, frame := range both {
			var m reference.Dnstap
			if err := proto.Unmarshal(frame, &m); err != nil {
				b.Fatal(err)
			}
		}
	}
}
