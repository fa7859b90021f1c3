package labtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The few bits of RFC 1035 that a test client needs. It shares nothing with the checker, so
// that a test of the checker does not lean on the checker's own idea of DNS.

// qtype is the number of a question type, of the few that Ask knows.
func qtype(name string) (uint16, error) {
	switch name {
	case "A":
		return 1, nil
	case "NS":
		return 2, nil
	case "SOA":
		return 6, nil
	case "TXT":
		return 16, nil
	case "AAAA":
		return 28, nil
	}
	return 0, fmt.Errorf("question type %q: use A, AAAA, NS, SOA or TXT", name)
}

// rcode names a response code as dig does.
func rcode(code byte) string {
	names := []string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"}
	if int(code) < len(names) {
		return names[code]
	}
	return fmt.Sprintf("RCODE%d", code)
}

// query builds a question of class IN with RD set.
func query(id uint16, name, typ string) ([]byte, error) {
	t, err := qtype(typ)
	if err != nil {
		return nil, err
	}
	msg := binary.BigEndian.AppendUint16(nil, id)
	msg = append(msg, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0) // RD; one question
	if name = strings.TrimSuffix(name, "."); name != "" {
		for label := range strings.SplitSeq(name, ".") {
			if len(label) == 0 || len(label) > 63 {
				return nil, fmt.Errorf("name %q: a label has 1 to 63 bytes", name)
			}
			msg = append(msg, byte(len(label)))
			msg = append(msg, label...)
		}
	}
	msg = append(msg, 0)
	msg = binary.BigEndian.AppendUint16(msg, t)
	return binary.BigEndian.AppendUint16(msg, 1), nil
}

// errNotOurs is a message that is no reply to the question asked.
var errNotOurs = errors.New("not a reply to this question")

// decode reads the header of a reply to asked.
func decode(asked, msg []byte) (Answer, error) {
	if len(msg) < 12 || msg[0] != asked[0] || msg[1] != asked[1] || msg[2]&0x80 == 0 {
		return Answer{}, errNotOurs
	}
	// Some servers answer an error without the question, in a header alone.
	if binary.BigEndian.Uint16(msg[4:]) == 1 && (len(msg) < len(asked) || !strings.EqualFold(string(msg[12:len(asked)]), string(asked[12:]))) {
		return Answer{}, errNotOurs
	}
	return Answer{
		Rcode:   rcode(msg[3] & 0x0f),
		AA:      msg[2]&0x04 != 0,
		TC:      msg[2]&0x02 != 0,
		Answers: int(binary.BigEndian.Uint16(msg[6:])),
		Size:    len(msg),
	}, nil
}
