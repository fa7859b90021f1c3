package keepalived

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// This file knows which complaints cost more than their own line: a block that
// keepalived leaves out whole is nowhere else in a [Config].

// lose notes that keepalived leaves something out whole, and how to mend it.
func (p *parser) lose(lost, mend, format string, args ...any) {
	p.keep(p.lostNote(Ignored, lost, mend, format, args...))
}

// lostNote is the note of that.
func (p *parser) lostNote(k NoteKind, lost, mend, format string, args ...any) Note {
	return Note{Pos: p.here, Kind: k, Text: fmt.Sprintf(format, args...), Lost: lost, Mend: mend}
}

// owned reports whether this process is the one that reads a block of that
// name: what it makes of it decides.
func (p *parser) owned(name string) bool {
	switch name {
	case "virtual_server", "virtual_server_group", "real_server":
		return p.by == checkers
	case "vrrp_instance":
		return p.by == vrrp
	default: // A check belongs to a virtual server, or what it belongs to is lost too.
		return p.by == checkers && p.vs != nil && slices.ContainsFunc(checkerKinds, func(k CheckerKind) bool { return string(k) == name })
	}
}

var (
	blockNames   = []string{"virtual_server", "virtual_server_group", "real_server", "vrrp_instance"}
	checkerKinds = []CheckerKind{MiscCheck, DNSCheck, TCPCheck, PingCheck, UDPCheck, SMTPCheck, HTTPGet, SSLGet, BFDCheck, FileCheck}
)

// unknownLine is a line that keepalived does not know.
type unknownLine struct {
	note  Note
	words []string
}

// noteUnknown notes a line that keepalived does not know here. The name of a
// block that it knows elsewhere tells that the block is lost; of another word
// that is seen when a brace follows.
func (p *parser) noteUnknown(words []string, format string, args ...any) {
	n := p.lostNote(Unknown, "", "", format, args...)
	switch at := slices.IndexFunc(words, p.owned); {
	case at == 0 && p.within(words[0]): // It is lost with the block around it, which is noted.
	case at == 0:
		n.Lost, n.Mend = strings.Join(words, " "), p.misplaced(words[0])
	case at == 1: // Before it stands what was to be a condition or a definition.
		n.Lost = strings.Join(words[1:], " ")
		n.Mend = "write the condition itself on the line: @ID " + n.Lost
		p.inLost = words[1]
	}
	p.keep(n)
	p.unknown = &unknownLine{n, words}
}

func (p *parser) misplaced(name string) string {
	switch {
	case len(p.blocks) > 0:
		return "close the block " + quote(p.blocks[len(p.blocks)-1]) + " before this line: a closing brace is missing there, and what follows, its checks too, counts for that block"
	case name == "real_server":
		return "put it inside a virtual_server: a closing brace above it is one too many, or the line that begins the virtual server is wrong"
	default:
		return "look for a brace too many or too few above this line"
	}
}

// loseUnknown takes a note of a block under a name that keepalived does not
// know, such as a misspelt one.
func (p *parser) loseUnknown(u *unknownLine) {
	if u == nil || u.note.Lost != "" {
		return
	}
	name := p.meant(u.words)
	if name == "" || p.within(name) {
		return
	}
	n := u.note
	n.Lost, n.Mend = strings.Join(u.words, " "), "write "+name+" for "+quote(u.words[0])
	p.notes.lose(n)
	p.inLost = name
}

// within reports whether a block of that name belongs to the lost one before it: keepalived does not know that one's braces.
func (p *parser) within(name string) bool {
	switch p.inLost {
	case "virtual_server":
		return p.level == 0 && name == "real_server"
	case "real_server":
		return slices.ContainsFunc(checkerKinds, func(k CheckerKind) bool { return string(k) == name })
	default:
		return false
	}
}

// meant is the block that an unknown one was to be, empty if none of those that
// matter: by its name, else by what follows the name.
func (p *parser) meant(words []string) string {
	for _, name := range blockNames {
		if near(strings.ToLower(words[0]), name) && p.owned(name) {
			return name
		}
	}
	if p.by != checkers || len(words) < 2 {
		return ""
	}
	_, isAddress := address(words[1])
	switch {
	case p.vs != nil && p.rs == nil && isAddress:
		return "real_server"
	case p.level == 0 && (isAddress || len(words) == 3 && (words[1] == "fwmark" || words[1] == "group")):
		return "virtual_server"
	default:
		return ""
	}
}

// near reports whether one or two letters make the difference.
func near(a, b string) bool {
	const most = 2
	row := make([]int, len(b)+1) // of Levenshtein's table
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)] <= most
}

// loseSkipped takes a note of a block within one that is skipped: keepalived
// counts braces there, and a missing one takes all that follows along.
func (p *parser) loseSkipped(words []string) {
	if !p.owned(words[0]) || !slices.Contains(blockNames, words[0]) {
		return
	}
	if words[0] == "real_server" && p.vs == nil {
		return // With its virtual server, which is noted.
	}
	p.keep(p.lostNote(Trap, strings.Join(words, " "), "close the block that begins at "+p.from.String()+" before this line: a closing brace is missing there",
		"%s stands within a block that keepalived skips: a closing brace is missing before it", words[0]))
}

// loseMember notes a line of a list of addresses that begins with none. A brace too few lets whole blocks into the list, and of
// those only their first lines matter.
func (p *parser) loseMember(words []string, mend, format string, args ...any) {
	lost := strings.Join(words, " ")
	switch {
	case p.owned(words[0]):
		mend = p.misplaced(words[0])
	case !strings.ContainsAny(words[0], ".:"):
		lost = ""
	}
	p.lose(lost, mend, format, args...)
}

// addressMend is how to write what is no address: keepalived looks up no names,
// and takes a port only behind a blank.
func addressMend(before, written string) string {
	if at, err := netip.ParseAddrPort(written); err == nil {
		return "write a blank between address and port: " + strings.TrimLeft(fmt.Sprintf("%s %s %d", before, at.Addr(), at.Port()), " ")
	}
	if bare := strings.Trim(written, "[]"); bare != written {
		if _, ok := address(bare); ok {
			return "write the address without brackets: " + strings.TrimLeft(before+" "+bare, " ")
		}
	}
	return "write an IP address, and a port behind a blank: keepalived looks up no names"
}

const portMend = "write a port between 1 and 65535"

const (
	markMend = "write a mark between 1 and 4294967295"
	markZero = "mark 0 is no mark: keepalived makes a service of no address"
)

// badSequence notes a sequence that keepalived does not take. Whole blocks are
// what most of them repeat.
func badSequence(at Pos, line string) Note {
	mend := "write ~SEQ(NAME, FIRST, LAST) and behind it, on this line, the text to repeat"
	if strings.HasPrefix(line, "~LST") {
		// A reload does not set the count of the sequences right.
		mend = "write ~LST(NAME, VALUE, VALUE) and behind it, on this line, the text to repeat, then restart keepalived"
	}
	line = public(line)
	return Note{Pos: at, Kind: Ignored, Text: quote(line) + " is not a valid sequence", Lost: line, Mend: mend}
}

// public is a line up to a command or a password: notes are read by whoever reaches the exporter.
func public(line string) string {
	end := len(line)
	for _, secret := range []string{`"`, "misc_path", "notify", "script", "auth_pass", "password"} {
		if at := strings.Index(line, secret); at >= 0 && at < end {
			end = at
		}
	}
	if end == len(line) {
		return line
	}
	return line[:end] + "…"
}
