package dnscount

import "github.com/lvsdns/lvsdns/internal/dnscount/top"

// Both count virtual servers by slot, with one more for all that found none: neither difference may be negative.
const (
	_ uint = top.Services - (MaxServices + 1)
	_ uint = MaxServices + 1 - top.Services
)

// sketch tells the table of what is asked most of a message. The name of one that came in pieces is not known.
func (c *Counter) sketch(e *exchange, m *Message, b []byte) {
	var name []byte
	if m.Has(HasQuestion) && m.Opcode() == 0 && len(b) > headerSize {
		name = b[headerSize:]
	}
	if e.direction == Query {
		c.top.Query(&top.Query{At: e.at, Client: [2]uint64{e.client.hi, e.client.lo}, Name: name, Weight: c.weight, Service: e.service})
	} else if name != nil {
		c.top.Answer(e.at, e.service, name, m.Rcode)
	}
}

// Top is what was asked most lately, of each kind the rows at most; nil if nobody wants to know. now is in the nanoseconds
// of the frames.
func (c *Counter) Top(now int64, rows int) *top.Report {
	if c.top == nil {
		return nil
	}
	r := c.top.Report(now, rows, func(slot uint8) (top.Service, bool) {
		s := &c.slots[slot]
		return top.Service{At: s.at, Bypassed: s.bypassed}, s.present
	})
	return &r
}
