package fifo

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// Line is what one line of a FIFO says: an event of VRRP, or one of LVS.
type Line struct {
	VRRP *notify.Event // Source, Mark and At are left to the caller
	LVS  *notify.ServerEvent
}

// ParseLine reads one line of a FIFO, without its newline:
//
//	INSTANCE "NAME" STATE PRIORITY
//	GROUP "NAME" STATE 0
//	VS VIRTUAL UP|DOWN
//	RS [ADDRESS]:PROTOCOL:PORT VIRTUAL UP|DOWN
//
// VIRTUAL is [ADDRESS]:PROTOCOL:PORT, "FWM MARK" or [GROUP]:PORT (format_vs in keepalived/check/check_data.c). A line may
// begin with zero bytes: keepalived after 2.4.3 writes the one that ends its text after the newline (notify_fifo_vs
// in keepalived/check/ipwrapper.c).
func ParseLine(text string) (Line, error) {
	text = strings.Trim(text, "\x00\r\n")
	word, rest, _ := strings.Cut(text, " ")
	var line Line
	var err error
	switch word {
	case "INSTANCE", "GROUP":
		line.VRRP, err = parseVRRP(word, rest)
	case "VS":
		line.LVS, err = parseServer(rest, false)
	case "RS":
		line.LVS, err = parseServer(rest, true)
	default:
		err = errors.New("begins with none of INSTANCE, GROUP, VS, RS")
	}
	if err != nil {
		return Line{}, words.Because(words.Quote(text, 80), err)
	}
	return line, nil
}

// parseVRRP takes the name from the first quote to the last one: keepalived quotes names and escapes nothing in them.
func parseVRRP(kind, rest string) (*notify.Event, error) {
	end := strings.LastIndexByte(rest, '"')
	if end < 1 || rest[0] != '"' {
		return nil, errors.New("no name in quotes")
	}
	if name := rest[1:end]; strings.Contains(name, `INSTANCE "`) || strings.Contains(name, `GROUP "`) {
		return nil, errors.New("two lines in one")
	}
	words := strings.Split(rest[end+1:], " ")
	if len(words) != 3 || words[0] != "" {
		return nil, errors.New("want a state and a priority after the name")
	}
	e, err := notify.ParseEvent(kind, rest[1:end], words[1], words[2])
	if err != nil {
		return nil, err
	}
	return &e, nil
}

func parseServer(rest string, withReal bool) (*notify.ServerEvent, error) {
	cut := strings.LastIndexByte(rest, ' ')
	if cut < 0 {
		return nil, errors.New("want a server and UP or DOWN")
	}
	var e notify.ServerEvent
	switch rest[cut+1:] {
	case "UP":
		e.Up = true
	case "DOWN":
	default:
		return nil, errors.New(strconv.Quote(rest[cut+1:]) + " is neither UP nor DOWN")
	}
	virtual := rest[:cut]
	if withReal {
		name, after, ok := strings.Cut(virtual, " ")
		if !ok {
			return nil, errors.New("want a real server and its virtual server")
		}
		var err error
		if e.Real, _, err = parseTrio(name); err != nil {
			return nil, err
		}
		virtual = after
	}
	var err error
	e.Virtual, err = parseVirtual(virtual)
	return &e, err
}

func parseVirtual(text string) (notify.Virtual, error) {
	if mark, ok := strings.CutPrefix(text, "FWM "); ok {
		n, err := strconv.ParseUint(mark, 10, 32)
		if err != nil || n == 0 {
			return notify.Virtual{}, errors.New(strconv.Quote(mark) + " is no firewall mark")
		}
		return notify.Virtual{Mark: uint32(n)}, nil
	}
	if addr, proto, err := parseTrio(text); err == nil {
		return notify.Virtual{Addr: addr, Proto: proto}, nil
	}
	end := strings.LastIndex(text, "]:")
	if end < 2 || text[0] != '[' {
		return notify.Virtual{}, errors.New(strconv.Quote(text) + " is no virtual server")
	}
	name := text[1:end]
	port, err := strconv.ParseUint(text[end+2:], 10, 16)
	if err != nil {
		return notify.Virtual{}, errors.New(strconv.Quote(text) + " is no virtual server")
	}
	return notify.Virtual{Group: name, Port: uint16(port)}, words.CheckName(name)
}

// parseTrio reads [ADDRESS]:PROTOCOL:PORT (inet_sockaddrtotrio_r in lib/utils.c). A real server of a firewall mark or a group
// has the protocol none, where keepalived does not know one.
func parseTrio(text string) (netip.AddrPort, string, error) {
	bad := errors.New(strconv.Quote(text) + " is no [ADDRESS]:PROTOCOL:PORT")
	end := strings.Index(text, "]:")
	if end < 1 || text[0] != '[' {
		return netip.AddrPort{}, "", bad
	}
	addr, err := netip.ParseAddr(text[1:end])
	if err != nil || addr.Zone() != "" {
		return netip.AddrPort{}, "", bad
	}
	proto, number, _ := strings.Cut(text[end+2:], ":")
	port, err := strconv.ParseUint(number, 10, 16)
	switch proto {
	case "udp", "tcp", "sctp", "none", "?":
	default:
		return netip.AddrPort{}, "", bad
	}
	if err != nil {
		return netip.AddrPort{}, "", bad
	}
	return netip.AddrPortFrom(addr, uint16(port)), proto, nil
}
