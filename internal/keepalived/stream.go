package keepalived

import (
	"fmt"
	"slices"
	"strings"
)

// keyword is one word that keepalived knows at some place, and what follows it.
type keyword struct {
	name   string
	handle func(p *parser, words []string) // nil: nothing to keep
	sub    []keyword                       // of the block, which is then required
	end    func(p *parser)                 // at the end of the block
	skip   bool                            // another process of keepalived reads it
	since  string                          // the version that brought it; empty: 2.2.7 or earlier
}

// parser walks through the lines with the tables of keywords as keepalived
// does, mistakes included: the braces of an unknown block are ignored, so its
// lines belong to the block around it, and its closing brace ends that block.
type parser struct {
	*reader
	cfg *Config

	line    string // as the handler's words were before splitting
	level   int    // of nested blocks
	skip    int    // braces that must close before lines count again; -1: from the next brace on
	from    Pos    // of what is skipped
	foreign bool   // it is for another process
	loose   bool   // it has no brace, and its lines are read as if they stood outside
	bare    func() // where the lines of a skipped block go that has no brace
	blocks  []string

	notes   *notes
	unknown *unknownLine // the line before, if keepalived does not know it
	inLost  string       // what the block was to be that is lost under a name that keepalived does not know, and is the last one

	// What the present block describes; nil outside it, and when keepalived
	// has discarded it.
	vs       *VirtualServer
	rs       *RealServer
	checker  *Checker
	url      *URL
	host     *Connect
	hosts    []Connect
	doubled  bool // the checker that was queued last is queued twice
	instance *Instance
	sync     *SyncGroup
	track    *VRRPScript
	block    *Statement

	servers bool // a virtual_server that another process reads

	// What others refer to by name.
	bfds      []string
	tracked   map[string]*TrackedFile
	fileTerms TrackedFile // of the present track_file
}

// where names the blocks around the present line.
func (p *parser) where() string { return strings.Join(p.blocks, " / ") }

// stream reads the lines of one block, up to its closing brace. skipped
// reports that the block does not count. Its twin is process_stream() in
// keepalived's lib/parser.c.
func (p *parser) stream(keywords []keyword, needBrace bool) (skipped bool) {
	for {
		line, ok := p.readLine()
		if !ok {
			return false
		}
		words, open := split(line)
		if open {
			p.note(Ignored, openQuote)
		}
		if len(words) == 0 {
			continue
		}
		first := words[0]
		unknown := p.unknown
		p.unknown = nil
		if p.skip == -1 {
			if first == "{" {
				p.skip, p.bare, needBrace = 1, nil, false
				continue
			}
			p.endSkip()
			p.loose = p.foreign
			if p.bare != nil {
				p.bare()
				p.bare = nil
			}
		}
		if p.skip > 0 {
			if p.skipLine(words) && p.level > 0 {
				return true
			}
			continue
		}
		if needBrace {
			needBrace = false
			if first == "{" && p.level > 0 {
				continue
			}
			p.note(Adjusted, "the block has no opening brace")
		} else if first == "{" {
			p.loseUnknown(unknown)
			p.note(Ignored, "an opening brace that does not belong here: the lines up to the closing one belong to the block around it")
			continue
		}
		if first == "}" && p.level > 0 {
			return false
		}
		i := slices.IndexFunc(keywords, func(k keyword) bool { return k.name == first })
		switch {
		case i < 0:
			p.noteUnknown(words, "%s does not know %s here and skips the line", p.whoReads(), quote(first))
			continue
		case keywords[i].since != "" && !p.release.hasCome(keywords[i].since):
			p.noteUnknown(words, "%s does not know %s here before %s and skips the line", p.whoReads(), quote(first), keywords[i].since)
			continue
		}
		p.line = line
		p.statement(keywords[i], words)
	}
}

// statement handles a keyword and reads its block.
func (p *parser) statement(k keyword, words []string) {
	p.loose = false
	if k.sub != nil || k.skip {
		p.inLost = ""
	}
	if k.skip {
		p.skip, p.from, p.foreign = -1, p.here, true
		p.servers = p.servers || k.name == "virtual_server"
		p.blocks = append(p.blocks, strings.Join(words, " "))
		return
	}
	if k.handle != nil {
		k.handle(p, words)
	}
	if k.sub == nil {
		return
	}
	p.level++
	p.blocks = append(p.blocks, strings.Join(words, " "))
	skipped := p.stream(k.sub, true)
	p.blocks = p.blocks[:p.level-1]
	p.level--
	if !skipped && k.end != nil {
		k.end(p)
	}
}

// skipLine counts braces, and reports that the skipped block ends here.
func (p *parser) skipLine(words []string) bool {
	p.loseSkipped(words)
	for _, w := range words {
		switch w {
		case "{":
			p.skip++
		case "}":
			if p.skip--; p.skip == 0 {
				p.endSkip()
				return true
			}
		}
	}
	return false
}

func (p *parser) endSkip() {
	p.skip = 0
	p.blocks = p.blocks[:p.level]
}

// whoReads names what does not know a line.
func (p *parser) whoReads() string {
	if p.loose {
		return "each process of keepalived that skips the block before this line"
	}
	return "keepalived"
}

// skipBlock makes the block of the present statement not count.
func (p *parser) skipBlock() { p.skip, p.from, p.foreign = -1, p.here, false }

// leaveOut does so for a block of which there are several. Without an opening
// brace its lines are read all the same. They mean nothing, but before 2.2.8
// keepalived takes them for those of the block of the kind that it kept last:
// take makes that the present one and returns its place, the zero Pos for none.
func (p *parser) leaveOut(take func() Pos) {
	p.skipBlock()
	if p.release >= v228 {
		return
	}
	here := p.here
	p.bare = func() {
		what := "the lines of the block at %s, which keepalived leaves out, "
		if last := take(); last.IsZero() {
			p.note(Unresolved, what+"follow no opening brace and belong to no other block: correct its line", here)
		} else {
			p.note(Trap, what+"follow no opening brace: before 2.2.8 they change the block at %s: correct its line", here, last)
		}
	}
}

// values reads a block of plain lines and hands each to use.
func (p *parser) values(words []string, use func(words []string)) {
	if len(words) > 1 {
		p.note(Ignored, "%s: keepalived ignores %s", words[0], quote(strings.Join(words[1:], " ")))
	}
	p.valuesOf(words, use, func() { p.logged(Adjusted, "the block has no opening brace") })
}

// valuesOf does so for a block that may have words on its line. bare is called
// where the opening brace is missing.
func (p *parser) valuesOf(words []string, use func(words []string), bare func()) {
	p.blocks = append(p.blocks, strings.Join(words, " "))
	defer func() { p.blocks = p.blocks[:len(p.blocks)-1] }()
	needBrace := true
	for {
		line, ok := p.readLine()
		if !ok {
			return
		}
		words, open := split(line)
		if open {
			p.note(Ignored, openQuote)
		}
		if len(words) == 0 {
			continue
		}
		if needBrace {
			needBrace = false
			if words[0] == "{" {
				continue
			}
			bare()
		}
		if words[0] == "}" {
			return
		}
		use(words)
	}
}

// word returns a word that keepalived cannot do without: where it is missing,
// keepalived ends.
func (p *parser) word(words []string, i int) (string, bool) {
	if i < len(words) {
		return words[i], true
	}
	p.note(Fatal, "%s needs a value: keepalived does not run without it", words[0])
	return "", false
}

func (p *parser) note(k NoteKind, format string, args ...any) {
	p.keep(Note{Pos: p.here, Kind: k, Text: fmt.Sprintf(format, args...)})
}

// logged is for what keepalived logs without counting it as a mistake: where
// it calls log_message() and not report_config_error().
func (p *parser) logged(k NoteKind, format string, args ...any) {
	p.notes.add(Note{Pos: p.here, Kind: k, Block: p.where(), Text: fmt.Sprintf(format, args...)})
}

func (p *parser) keep(n Note) {
	n.Block = p.where()
	p.notes.complaint(p.by, n)
	p.notes.add(n)
}
