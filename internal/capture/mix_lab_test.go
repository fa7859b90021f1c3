//go:build lab

package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/lvsdns/lvsdns/internal/dnscount"
	"github.com/lvsdns/lvsdns/internal/labtest"
)

// A mix of questions and answers, each of which follows from a number, so that both ends and the test know the same truth.

// asked is question number i.
func asked(i int, tcp bool) *dns.Msg {
	m := new(dns.Msg).SetQuestion(fmt.Sprintf("h%d.example.com.", i), []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeHTTPS, 65400}[i%5])
	m.Id = uint16(i)
	if i%50 == 7 {
		m.Opcode, m.RecursionDesired = dns.OpcodeNotify, false
	}
	m.CheckingDisabled = i%7 == 0
	if i%3 == 0 || i%25 == 13 {
		m.SetEdns0(1232, i%6 == 0)
	}
	if i%25 == 13 && !tcp {
		m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_PADDING{Padding: make([]byte, 2500)})
	}
	return m
}

// answered is the answer to question number i.
func answered(q *dns.Msg, i int) *dns.Msg {
	m := new(dns.Msg).SetRcode(q, dns.RcodeSuccess)
	m.RecursionDesired = q.RecursionDesired
	m.Authoritative = i%2 == 0
	switch {
	case i%10 == 1:
		m.Rcode = dns.RcodeNameError
	case i%20 == 3:
		m.Rcode = dns.RcodeServerFailure
	case i%40 == 9:
		m.Rcode = dns.RcodeBadVers
		m.SetEdns0(1232, false)
	case i%33 == 5:
		m.Truncated = true
	case i%25 == 11:
		for range 40 {
			m.Answer = append(m.Answer, &dns.TXT{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}, Txt: []string{"text that takes room, text that takes room, text that takes room"}})
		}
	}
	return m
}

func wireOf(t testing.TB, m *dns.Msg) []byte {
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// truth is what counters must say of the mix.
type truth struct {
	queries, fragmentedQueries, fragmentedResponses uint64
	types                                           [len(dnscount.Types)]uint64
	opcodes                                         [len(dnscount.Opcodes)]uint64
	flags                                           [len(dnscount.QueryFlags)]uint64
	edns                                            [len(dnscount.EDNSVersions)]uint64
	rcodes                                          [len(dnscount.Rcodes)]uint64
	truncated, authoritative                        uint64
}

func (x *truth) add(t testing.TB, i int, tcp bool) {
	q := asked(i, tcp)
	r := answered(q, i)
	x.queries++
	x.types[map[int]int{0: 0, 1: 7, 2: 6, 3: 15, 4: 20}[i%5]]++
	if q.Opcode == dns.OpcodeNotify {
		x.opcodes[3]++
	} else {
		x.opcodes[0]++
	}
	for n, has := range []bool{q.RecursionDesired, q.CheckingDisabled, false, q.IsEdns0() != nil && q.IsEdns0().Do()} {
		if has {
			x.flags[n]++
		}
	}
	if q.IsEdns0() != nil {
		x.edns[1]++
	} else {
		x.edns[0]++
	}
	x.rcodes[map[int]int{0: 0, dns.RcodeNameError: 3, dns.RcodeServerFailure: 2, dns.RcodeBadVers: 9}[r.Rcode]]++
	if r.Truncated {
		x.truncated++
	}
	if r.Authoritative {
		x.authoritative++
	}
	if !tcp && len(wireOf(t, q)) > 1472 {
		x.fragmentedQueries++
	}
	if !tcp && len(wireOf(t, r)) > 1472 {
		x.fragmentedResponses++
	}
}

// reply answers a question by its number, which is its ID.
func reply(b []byte) []byte {
	var q dns.Msg
	if q.Unpack(b) != nil {
		return nil
	}
	out, _ := answered(&q, int(q.Id)).Pack()
	return out
}

// answer serves the mix at an address of a host.
func answer(t testing.TB, h *labtest.Host, address string) {
	t.Helper()
	must(t, h.Inside(func() error {
		udp, err := net.ListenPacket("udp", net.JoinHostPort(address, "53"))
		if err != nil {
			return err
		}
		tcp, err := net.Listen("tcp", net.JoinHostPort(address, "53"))
		if err != nil {
			return err
		}
		t.Cleanup(func() { udp.Close(); tcp.Close() })
		go func() {
			b := make([]byte, 65536)
			for {
				n, from, err := udp.ReadFrom(b)
				if err != nil {
					return
				}
				udp.WriteTo(reply(b[:n]), from)
			}
		}()
		go func() {
			for {
				conn, err := tcp.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					for {
						m, err := readFramed(conn)
						if err != nil {
							return
						}
						r := reply(m)
						conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(r))), r...))
					}
				}()
			}
		}()
		return nil
	}))
}

func readFramed(r io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(r, b)
	return b, err
}

// ask asks the mix from a host: over UDP one after the other, over TCP all at once.
func ask(t testing.TB, h *labtest.Host, to string, from, count int) (udp, tcp truth) {
	t.Helper()
	var datagrams, stream net.Conn
	must(t, h.Inside(func() (err error) {
		if datagrams, err = net.Dial("udp", net.JoinHostPort(to, "53")); err != nil {
			return err
		}
		stream, err = net.DialTimeout("tcp", net.JoinHostPort(to, "53"), 10*time.Second)
		return err
	}))
	defer datagrams.Close()
	defer stream.Close()
	b := make([]byte, 65536)
	var all []byte
	for i := from; i < from+count; i++ {
		q := wireOf(t, asked(i, false))
		datagrams.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := datagrams.Write(q); err != nil {
			t.Fatal(err)
		}
		if _, err := datagrams.Read(b); err != nil {
			t.Fatalf("question %d of %d octets: %v", i, len(q), err)
		}
		udp.add(t, i, false)
		q = wireOf(t, asked(i, true))
		all = append(binary.BigEndian.AppendUint16(all, uint16(len(q))), q...)
		tcp.add(t, i, true)
	}
	stream.SetDeadline(time.Now().Add(20 * time.Second))
	go stream.Write(all)
	for i := range tcp.queries {
		if _, err := readFramed(stream); err != nil {
			t.Fatalf("answer %d over TCP: %v", i, err)
		}
	}
	return udp, tcp
}
