package dnstap

import (
	"bytes"
	"net/netip"
	"testing"

	reference "github.com/dnstap/golang-dnstap"
	"google.golang.org/protobuf/proto"

	"github.com/lvsdns/lvsdns/internal/dnscount"
)

// frame is one as a name server makes it, but for the changes.
func frame(t testing.TB, change func(*reference.Message)) []byte {
	t.Helper()
	m := &reference.Message{
		Type:           reference.Message_CLIENT_QUERY.Enum(),
		SocketFamily:   reference.SocketFamily_INET.Enum(),
		SocketProtocol: reference.SocketProtocol_UDP.Enum(),
		QueryAddress:   []byte{203, 0, 113, 5}, QueryPort: proto.Uint32(4242),
		ResponseAddress: []byte{192, 0, 2, 1}, ResponsePort: proto.Uint32(53),
		QueryTimeSec: proto.Uint64(1e9), QueryTimeNsec: proto.Uint32(5),
		QueryMessage: []byte("\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x1c\x00\x01"),
	}
	if change != nil {
		change(m)
	}
	b, err := proto.Marshal(&reference.Dnstap{Identity: []byte("dns1"), Version: []byte("1.0"), Type: reference.Dnstap_MESSAGE.Enum(), Message: m})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRead(t *testing.T) {
	m, ok := decode(frame(t, nil))
	got, _, told := m.read()
	if !ok || !told || got.Client != netip.MustParseAddrPort("203.0.113.5:4242") || got.Server != netip.MustParseAddrPort("192.0.2.1:53") ||
		got.Time != 1e18+5 || got.Transport != dnscount.UDP || got.Direction != dnscount.Query || len(got.Data) != 29 {
		t.Errorf("%+v", got)
	}
	for name, tt := range map[string]struct {
		change func(*reference.Message)
		want   Reason
	}{
		"what a resolver asks": {func(m *reference.Message) { m.Type = reference.Message_RESOLVER_QUERY.Enum() }, OtherKind},
		"of a tool":            {func(m *reference.Message) { m.Type = reference.Message_TOOL_QUERY.Enum() }, OtherKind},
		"wildcard":             {func(m *reference.Message) { m.ResponseAddress = make([]byte, 4) }, NoAddress},
		"wildcard, IPv6":       {func(m *reference.Message) { m.ResponseAddress = make([]byte, 16) }, NoAddress},
		"no server":            {func(m *reference.Message) { m.ResponseAddress = nil }, NoAddress},
		"no client":            {func(m *reference.Message) { m.QueryAddress = nil }, NoAddress},
		"an address of five":   {func(m *reference.Message) { m.QueryAddress = make([]byte, 5) }, NoAddress},
		"no port":              {func(m *reference.Message) { m.ResponsePort = nil }, NoAddress},
		"a large port":         {func(m *reference.Message) { m.QueryPort = proto.Uint32(65536) }, NoAddress},
		"no message":           {func(m *reference.Message) { m.QueryMessage = nil }, NoMessage},
		"only the other one": {func(m *reference.Message) {
			m.Type = reference.Message_CLIENT_RESPONSE.Enum()
		}, NoMessage},
	} {
		m, ok := decode(frame(t, tt.change))
		if got, reason, told := m.read(); !ok || told || reason != tt.want {
			t.Errorf("%s: %v %v, want %s; %+v", name, told, Reasons[reason], Reasons[tt.want], got)
		}
	}
	for protocol, want := range map[int32]dnscount.Transport{1: dnscount.UDP, 2: dnscount.TCP, 3: dnscount.TCP, 4: dnscount.TCP, 5: dnscount.UDP, 6: dnscount.TCP, 7: dnscount.UDP, 99: dnscount.UDP} {
		m, _ := decode(frame(t, func(m *reference.Message) { m.SocketProtocol = reference.SocketProtocol(protocol).Enum() }))
		if got, _, told := m.read(); !told || got.Transport != want {
			t.Errorf("protocol %d is of %s, want %s", protocol, got.Transport, want)
		}
	}
	for seconds, want := range map[uint64]int64{1e9: 1e18 + 5, 1 << 63: 0} {
		m, _ := decode(frame(t, func(m *reference.Message) { m.QueryTimeSec = &seconds }))
		if got, _, _ := m.read(); got.Time != want {
			t.Errorf("%d seconds are %d", seconds, got.Time)
		}
	}
}

// FuzzDecode: what the generated decoder reads, this one reads too, and the same; and what it reads costs no memory.
func FuzzDecode(f *testing.F) {
	f.Add(frame(f, nil))
	f.Add(frame(f, func(m *reference.Message) {
		m.Type, m.ResponseMessage, m.ResponseTimeSec, m.ResponseTimeNsec = reference.Message_AUTH_RESPONSE.Enum(), m.QueryMessage, proto.Uint64(7), proto.Uint32(8)
		m.QueryMessage, m.QueryZone, m.ResponseAddress = nil, []byte("\x03com\x00"), make([]byte, 16)
	}))
	f.Add([]byte("\x78\x01\x72\x02\x08\x05\x72\x02\x18\x02"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := decode(b)
		var whole reference.Dnstap
		if proto.Unmarshal(b, &whole) != nil {
			return
		}
		w := whole.GetMessage()
		if !ok || m.kind != uint64(uint32(w.GetType())) && w != nil && m.kind <= 1<<31 {
			t.Fatalf("%x: %t, %+v, want %v", b, ok, m, w)
		}
		if w == nil {
			w = &reference.Message{}
		}
		if !bytes.Equal(m.client, w.QueryAddress) || !bytes.Equal(m.server, w.ResponseAddress) || m.clientPort != w.GetQueryPort() || m.serverPort != w.GetResponsePort() ||
			m.asked != (stamp{w.GetQueryTimeSec(), w.GetQueryTimeNsec()}) || m.answered != (stamp{w.GetResponseTimeSec(), w.GetResponseTimeNsec()}) ||
			!bytes.Equal(m.query, w.QueryMessage) || !bytes.Equal(m.response, w.ResponseMessage) {
			t.Fatalf("%x: %+v, want %v", b, m, w)
		}
		if w.SocketProtocol != nil && m.protocol < 1<<31 && m.protocol != uint64(w.GetSocketProtocol()) {
			t.Fatalf("%x: protocol %d, want %v", b, m.protocol, w.GetSocketProtocol())
		}
		told, reason, sound := m.read()
		if sound != told.Server.IsValid() && sound || int(reason) >= len(Reasons) {
			t.Fatalf("%x: %+v", b, told)
		}
	})
}
