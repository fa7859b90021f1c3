package keepalived

import (
	"cmp"
	"slices"
)

// notes collects what several readings of the same text say, without doubles.
type notes struct {
	list []Note
	seen map[Note]int // index in list, keyed without the block
}

func (n *notes) add(note Note) {
	key := note
	key.Block = ""
	if i, ok := n.seen[key]; ok {
		// The reading that understands the block names it more exactly.
		if len(note.Block) > len(n.list[i].Block) {
			n.list[i].Block = note.Block
		}
		return
	}
	if n.seen == nil {
		n.seen = map[Note]int{}
	}
	n.seen[key] = len(n.list)
	n.list = append(n.list, note)
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
