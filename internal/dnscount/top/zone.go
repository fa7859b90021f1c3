package top

// A zone here is about what somebody has registered, told by the number of labels. A list of all public suffixes changes every
// week and would be old in a binary; these few rules are wrong for some names, and wrong in a way that can be seen.
const (
	zoneLabels    = 2
	countryLabels = 3     // below a country's second level, such as co.uk
	inAddrLabels  = 3 + 2 // a /24
	ip6Labels     = 12 + 2
)

// secondLevels are names that many countries keep below their own for others to register in.
var secondLevels = [...]string{"ac", "co", "com", "edu", "gob", "gov", "go", "mil", "ne", "net", "nom", "or", "org"}

// wire is a name as messages have it, in lower case, with the place of each label.
type wire struct {
	name   []byte
	labels int
	places [128]uint8
	buf    [255]byte
}

// read takes the name at the beginning of b. One that is not there in whole is none.
func (w *wire) read(b []byte) bool {
	w.labels = 0
	for off := 0; off < len(b); {
		n := int(b[off])
		if n == 0 {
			w.name = lower(w.buf[:], b[:off+1])
			return true
		}
		if n > 63 || off+n+1 > 254 {
			return false
		}
		w.places[w.labels] = uint8(off)
		w.labels++
		off += n + 1
	}
	return false
}

// label is the one so far from the end, 1 for the last.
func (w *wire) label(fromEnd int) []byte {
	at := w.places[w.labels-fromEnd]
	return w.name[int(at)+1 : int(at)+1+int(w.name[at])]
}

// zone is the part of the name that is the zone, or else all of it.
func (w *wire) zone() []byte {
	n := zoneLabels
	if w.labels > n {
		tld, second := w.label(1), w.label(2)
		switch {
		case string(tld) == "arpa" && string(second) == "in-addr":
			n = inAddrLabels
		case string(tld) == "arpa" && string(second) == "ip6":
			n = ip6Labels
		case len(tld) == 2 && isSecondLevel(second):
			n = countryLabels
		}
	}
	if w.labels <= n {
		return w.name
	}
	return w.name[w.places[w.labels-n]:]
}

func isSecondLevel(label []byte) bool {
	for _, s := range secondLevels {
		if string(label) == s {
			return true
		}
	}
	return false
}

// lower copies a name in lower case: case does not count in it (RFC 4343). Lengths of labels are below the letters.
func lower(to []byte, name []byte) []byte {
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		to[i] = c
	}
	return to[:len(name)]
}

// text writes a name as people do (RFC 4343 section 2.1 for what does not print).
func text(name []byte) string {
	if len(name) <= 1 {
		return "."
	}
	var b []byte
	for off := 0; off < len(name) && name[off] != 0; off += int(name[off]) + 1 {
		for _, c := range name[off+1 : off+1+int(name[off])] {
			switch {
			case c == '.' || c == '\\':
				b = append(b, '\\', c)
			case c <= ' ' || c > '~':
				b = append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
			default:
				b = append(b, c)
			}
		}
		b = append(b, '.')
	}
	return string(b)
}
