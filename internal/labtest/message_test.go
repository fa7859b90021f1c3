package labtest

import (
	"errors"
	"testing"
)

func TestDecode(t *testing.T) {
	asked, err := query(0x1234, "example.com.", "SOA")
	if err != nil {
		t.Fatal(err)
	}
	// reply is a reply to asked, changed by edit.
	reply := func(edit func([]byte)) []byte {
		msg := append([]byte(nil), asked...)
		msg[2] |= 0x80
		edit(msg)
		return msg
	}
	tests := []struct {
		name string
		msg  []byte
		want Answer
		err  error
	}{
		{name: "good", msg: reply(func(m []byte) { m[7] = 1 }), want: Answer{Rcode: "NOERROR", Answers: 1}},
		{name: "authoritative", msg: reply(func(m []byte) { m[2] |= 4 }), want: Answer{Rcode: "NOERROR", AA: true}},
		{name: "truncated", msg: reply(func(m []byte) { m[2] |= 2 }), want: Answer{Rcode: "NOERROR", TC: true}},
		{name: "SERVFAIL", msg: reply(func(m []byte) { m[3] = 2 }), want: Answer{Rcode: "SERVFAIL"}},
		{name: "unnamed rcode", msg: reply(func(m []byte) { m[3] = 11 }), want: Answer{Rcode: "RCODE11"}},
		{name: "other case of the name", msg: reply(func(m []byte) { m[13] = 'E' }), want: Answer{Rcode: "NOERROR"}},
		{name: "header alone", msg: reply(func(m []byte) { m[3], m[5] = 5, 0 })[:12], want: Answer{Rcode: "REFUSED"}},
		{name: "header alone that counts a question", msg: reply(func(m []byte) { m[3] = 5 })[:12], err: errNotOurs},
		{name: "other ID", msg: reply(func(m []byte) { m[0] ^= 1 }), err: errNotOurs},
		{name: "other question", msg: reply(func(m []byte) { m[13] = 'x' }), err: errNotOurs},
		{name: "a query", msg: asked, err: errNotOurs},
		{name: "short", msg: asked[:11], err: errNotOurs},
		{name: "empty", err: errNotOurs},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decode(asked, tt.msg)
			tt.want.Size = got.Size
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("decode = %+v, %v, want %+v, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestQueryRefuses(t *testing.T) {
	for _, q := range [][2]string{{"example.com", "MX"}, {"a..b", "A"}} {
		if _, err := query(1, q[0], q[1]); err == nil {
			t.Errorf("query(%q, %q) = nil error", q[0], q[1])
		}
	}
}
