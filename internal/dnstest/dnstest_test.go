package dnstest

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// The query of example.com SOA with RD=1, byte by byte.
const soaQuery = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07Example\x03com\x00\x00\x06\x00\x01"

func TestParse(t *testing.T) {
	m, err := Parse([]byte(soaQuery))
	want := Message{ID: 0x1234, RD: true, Questions: 1, Name: "example.com.", Type: 6, Class: 1}
	if err != nil || m != want {
		t.Errorf("Parse = %+v, %v; want %+v", m, err, want)
	}
	m, err = Parse(Reply([]byte(soaQuery), 5, netip.MustParseAddr("192.0.2.1")))
	want.QR, want.Rcode, want.Answers = true, 5, 1
	if err != nil || m != want {
		t.Errorf("Parse of the reply = %+v, %v; want %+v", m, err, want)
	}
}

func TestRecords(t *testing.T) {
	b := ReplyWith(
		[]byte(soaQuery), 0, []Record{SOA},
		[]Record{{Owner: "\x00", Type: 41, Class: 1232, TTL: 1 << 24, Data: "\x00\x03\x00\x00"}},
	)
	sections, err := Records(b)
	soa := SOA
	soa.Owner, soa.Class = "example.com.", 1
	opt := Record{Owner: "", Type: 41, Class: 1232, TTL: 1 << 24, Data: "\x00\x03\x00\x00"}
	if err != nil || !slices.Equal(sections[0], []Record{soa}) || len(sections[1]) != 0 || !slices.Equal(sections[2], []Record{opt}) {
		t.Errorf("Records = %+v, %v", sections, err)
	}
	for n := len(b) - 1; n > len(soaQuery); n-- {
		if sections, err := Records(b[:n]); err == nil {
			t.Errorf("Records of %d bytes of %d = %+v, want an error", n, len(b), sections)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	header := "\x12\x34\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	for name, b := range map[string]string{
		"short header":   header[:11],
		"no name":        header,
		"short label":    header + "\x07exam",
		"no end":         header + "\x07example",
		"short question": header + "\x00\x00\x06\x00",
		"short pointer":  header + "\xc0",
		"own tail":       header + "\xc0\x0c",
		"label kind":     header + "\x80\x00\x00\x06\x00\x01",
		"long name":      header + strings.Repeat("\x3f"+strings.Repeat("a", 63), 5) + "\x00\x00\x06\x00\x01",
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := Parse([]byte(b)); err == nil {
				t.Errorf("Parse = %+v, want an error", m)
			}
		})
	}
}

// Both transports get what the handler sends, and a closed port is closed.
func TestServer(t *testing.T) {
	s := Start(t, "127.0.0.1:0", func(q *Query) { q.Send(Reply(q.Wire, 0)) })
	for _, network := range []string{"udp", "tcp"} {
		conn, err := net.Dial(network, s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		query := soaQuery
		if network == "tcp" {
			query = "\x00" + string(rune(len(soaQuery))) + soaQuery
		}
		if _, err := conn.Write([]byte(query)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 512)
		n, err := conn.Read(buf)
		if network == "tcp" && err == nil {
			buf, n = buf[2:], n-2
		}
		if m, parseErr := Parse(buf[:max(n, 0)]); err != nil || parseErr != nil || !m.QR || m.ID != 0x1234 {
			t.Errorf("over %s: %+v, %v, %v", network, m, err, parseErr)
		}
	}
	if n := s.Queries(); n != 2 {
		t.Errorf("Queries = %d, want 2", n)
	}
	s.CloseTCP()
	if conn, err := net.Dial("tcp", s.Addr().String()); err == nil {
		conn.Close()
		t.Error("the TCP port is open after CloseTCP")
	}
	s.Close()
	if conn, err := net.ListenPacket("udp", s.Addr().String()); err != nil {
		t.Errorf("the UDP port is not free after Close: %v", err)
	} else {
		conn.Close()
	}
}
