package config

import (
	"slices"
	"strings"
)

// sections lists the sections, in the order of the reference.
func sections(options []option) []string {
	var all []string
	for _, o := range options {
		for i, c := range o.key {
			if s := o.key[:i]; c == '.' && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

func isSection(options []option, key string) bool { return slices.Contains(sections(options), key) }

// hint says of a key that does not exist which one was meant, or which there are.
func hint(options []option, key string) string {
	if best := nearest(options, key); best != "" {
		return "; did you mean " + best + "?"
	}
	parent, _, _ := strings.Cut(key, ".")
	var known []string
	for _, o := range options {
		if name, ok := strings.CutPrefix(o.key, parent+"."); ok {
			known = append(known, name)
		}
	}
	if known != nil {
		return "; " + parent + " has " + list(known)
	}
	return hintSection(options, key)
}

// hintSection says of a section that does not exist which one was meant, or which there are.
func hintSection(options []option, key string) string {
	best, least := "", 1+len(key)/3
	var top []string
	for _, s := range sections(options) {
		if d := distance(strings.ToLower(key), s); d < least {
			best, least = s, d
		}
		if !strings.Contains(s, ".") {
			top = append(top, s)
		}
	}
	if best != "" {
		return "; did you mean " + best + "?"
	}
	return "; there are the sections " + list(top)
}

// nearest is the key that was probably meant; empty if none is near.
func nearest(options []option, key string) string {
	key = strings.ToLower(key)
	mine := key[strings.LastIndexByte(key, '.')+1:]
	best, least := "", 1+len(mine)/3
	for _, o := range options {
		// The last word alone is often right, in the wrong section or in none, or it is the beginning of the right one.
		own := o.key[strings.LastIndexByte(o.key, '.')+1:]
		near := min(distance(key, o.key), 1+distance(mine, own))
		if len(mine) > 2 && strings.HasPrefix(own, mine) {
			near = min(near, 2)
		}
		if near < least {
			best, least = o.key, near
		}
	}
	return best
}

// list writes several words as a sentence has them.
func list(words []string) string { return joined(words, " and ") }

// either does so for words of which one is wanted.
func either(words []string) string { return joined(words, " or ") }

func joined(words []string, before string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + before + words[last]
}

// distance is the number of letters to add, drop, change or swap with the next one (Damerau-Levenshtein), or many.
func distance(a, b string) int {
	const many = 50 // nobody mistypes a word by so much: a long text need not be compared
	if longer := max(len(a)-len(b), len(b)-len(a)); longer > many {
		return longer
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
