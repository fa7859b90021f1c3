package labtest

import "fmt"

// Split divides a server's clients in two: those inside get another answer for
// ViewName than those outside. Any one of its conditions lets a question in.
type Split struct {
	Source string // prefix of source addresses (BIND)
	Key    Key    // TSIG key that signed the question (BIND)

	// Subnet is a prefix of EDNS client subnets (RFC 7871). Only the Recursor's hook
	// can look at it: BIND 9.18 knows no such element in an address match list.
	Subnet string
}

// Key is a TSIG key.
type Key struct {
	Name      string
	Algorithm string // as BIND writes it: hmac-sha256
	Secret    string // base64
}

// check says whether the program can tell clients apart in this way.
func (s Split) check(software Software) error {
	bySubnet, byOther := s.Subnet != "", s.Source != "" || s.Key != Key{}
	if bySubnet && software != Recursor || byOther && software != BIND {
		return fmt.Errorf("%s cannot split its clients by %+v: use BIND for source and key, Recursor for subnet", software, s)
	}
	return nil
}

// key is BIND's key statement, or nothing.
func (s Split) key() string {
	if s.Key == (Key{}) {
		return ""
	}
	return fmt.Sprintf("key %q { algorithm %s; secret %q; };", s.Key.Name, s.Key.Algorithm, s.Key.Secret)
}

// clients is BIND's address match list for the inside.
func (s Split) clients() string {
	list := ""
	if s.Source != "" {
		list += s.Source + "; "
	}
	if s.Key != (Key{}) {
		list += fmt.Sprintf("key %q;", s.Key.Name)
	}
	return list
}
