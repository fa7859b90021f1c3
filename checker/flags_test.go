package checker

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestFlagsOf(t *testing.T) {
	var m dns.Msg
	if err := m.Unpack([]byte("\x00\x01\x87\xb0\x00\x00\x00\x00\x00\x00\x00\x00")); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(flagsOf(m.MsgHdr).Names(), " "); got != "qr aa tc rd ra ad cd" {
		t.Errorf("all bits of the header: %s", got)
	}
	if got := flagsOf(dns.MsgHdr{}).Names(); got == nil || len(got) != 0 {
		t.Errorf("no bit: %v, want an empty list that JSON shows as []", got)
	}
}
