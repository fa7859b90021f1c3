package keepalived

import (
	"cmp"
	"slices"
)

// notes collects what several readings of the same text say, without doubles.
type notes struct {
	list []Note
	seen map[Note]int // index in list, by keyOf
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
