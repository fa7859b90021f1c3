package keepalived

import (
	"cmp"
	"fmt"
	"slices"
)

// maxNotes is more than anybody reads: a director of 10,000 real servers has room for ten each.
const maxNotes = 100_000

// notes collects what several readings of the same text say, without doubles.
type notes struct {
	list []Note
	seen map[Note]int // index in list, by keyOf

	complaints map[process]Note // the first that each process reports
}

// complaint remembers what a process of keepalived counts as a mistake of the
// configuration. The rest it does without a word, or only logs.
func (n *notes) complaint(by process, note Note) {
	if note.Kind != Unknown && note.Kind != Ignored && note.Kind != Adjusted {
		return
	}
	if n.complaints == nil {
		n.complaints = map[process]Note{}
	}
	if _, ok := n.complaints[by]; !ok {
		n.complaints[by] = note
	}
}

// checked makes the first complaint fatal if reload_check_config is set: the
// other processes, which inherit the complaints of the parent, then end over
// any, at the start too (start_check() in keepalived's check_daemon.c and its
// twins).
func (n *notes) checked(cfg *Config) {
	option := cfg.Global.ReloadCheck
	if !option.IsSet() || len(cfg.VirtualServers) == 0 && len(cfg.Instances) == 0 {
		return
	}
	for _, by := range []process{parent, checkers, vrrp} {
		note, ok := n.complaints[by]
		if !ok || by == vrrp && len(cfg.Instances) == 0 {
			continue
		}
		first := &n.list[n.seen[keyOf(note)]]
		first.Kind = Fatal
		first.Text += fmt.Sprintf(
			"; reload_check_config (%s) makes of this and of every other such mistake one with which keepalived does not run: correct it, or take the option out",
			option.Pos,
		)
		return
	}
}

func (n *notes) add(note Note) {
	key := keyOf(note)
	if i, ok := n.seen[key]; ok {
		// The reading that understands the block names it more exactly.
		if len(note.Block) > len(n.list[i].Block) {
			n.list[i].Block = note.Block
		}
		n.lose(note)
		return
	}
	if len(n.list) > maxNotes {
		return
	}
	if n.seen == nil {
		n.seen = map[Note]int{}
	}
	n.seen[key] = len(n.list)
	n.list = append(n.list, note)
}

func keyOf(note Note) Note {
	return Note{Pos: note.Pos, Kind: note.Kind, Text: note.Text}
}

// lose adds what is lost by something that was noted already.
func (n *notes) lose(note Note) {
	if i, ok := n.seen[keyOf(note)]; ok && n.list[i].Lost == "" {
		n.list[i].Lost, n.list[i].Mend = note.Lost, note.Mend
	}
}

// sorted returns the notes by file and line, those without a place at the end.
func (n *notes) sorted(files []string) []Note {
	order := map[string]int{"": len(files)}
	for i, name := range slices.Backward(files) {
		order[name] = i
	}
	slices.SortStableFunc(n.list, func(a, b Note) int {
		return cmp.Or(cmp.Compare(order[a.Pos.File], order[b.Pos.File]), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
	return n.list
}
