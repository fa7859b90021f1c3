package keepalived

// trackFile is a file whose number moves weights or priorities (track_file.c). keepalived leaves one out that names no file, and of two
// with the same name it uses the first.
func trackFile(name string) keyword {
	more := func(*parser) *[]Statement { return nil }
	return keyword{
		name: name,
		handle: func(p *parser, words []string) {
			p.fileTerms = TrackedFile{Weight: Value[int]{V: 1}}
			if w, ok := p.word(words, 1); ok {
				p.fileTerms.Name = at(p, w)
			}
		},
		sub: append(others(more, "init_file"), keyword{name: "file", handle: setTrackedPath}, keyword{name: "weight", handle: setTrackedWeight}),
		end: func(p *parser) {
			f := p.fileTerms
			switch {
			case f.Name.V == "":
			case f.Path.V == "":
				p.note(Ignored, "track_file %s names no file: keepalived leaves it out", quote(f.Name.V))
			case p.tracked[f.Name.V] != nil:
				p.note(Trap, "there is a track_file %s already at %s, and keepalived uses that", quote(f.Name.V), p.tracked[f.Name.V].Name.Pos)
			default:
				p.tracked[f.Name.V] = &f
			}
		},
	}
}

func setTrackedPath(p *parser, words []string) {
	f := &p.fileTerms
	switch {
	case len(words) < 2:
		p.note(Ignored, "file needs a name")
	case f.Path.IsSet():
		p.note(Ignored, "file is already %s", quote(f.Path.V))
	default:
		f.Path = at(p, words[1])
	}
}

// setTrackedWeight reads the weight of a track_file, which is one for priorities too. What stands behind it counts by itself.
func setTrackedWeight(p *parser, words []string) {
	f := &p.fileTerms
	switch {
	case len(words) < 2:
		p.note(Ignored, "weight needs a value")
		return
	case f.Weight.V != 1:
		p.note(Ignored, "weight is already %d", f.Weight.V)
		return
	}
	v, n := readSigned(words[1], 254)
	if !p.accept(words, n) {
		v = 1
	}
	f.Weight = at(p, int(v))
	switch {
	case len(words) < 3:
	case words[2] == "reverse":
		f.Reverse = at(p, true)
	default:
		p.note(Ignored, "weight: keepalived knows no option %s here", quote(words[2]))
	}
}

func fileKeywords() []keyword {
	return []keyword{
		{name: "track_file", handle: func(p *parser, words []string) {
			w, ok := p.word(words, 1)
			switch {
			case !ok || p.checker == nil:
			case p.tracked[w] == nil:
				p.note(Ignored, "there is no track_file %s before this line", quote(w))
			default:
				p.checker.File.Name, p.checker.File.Path = at(p, w), p.tracked[w].Path
			}
		}},
		{name: "weight", handle: func(p *parser, words []string) {
			if p.checker != nil {
				p.checkerWeight(words)
			}
		}},
	}
}

// checkerWeight reads the weight of a FILE_CHECK, with its direction. A wrong option leaves both as they were.
func (p *parser) checkerWeight(words []string) {
	if len(words) < 2 {
		p.note(Ignored, "weight needs a value")
		return
	}
	v, n := readSigned(words[1], maxWeight)
	if !p.accept(words, n) {
		return
	}
	reverse := Value[bool]{}
	if len(words) > 2 {
		switch words[2] {
		case "reverse", "noreverse":
			reverse = at(p, words[2] == "reverse")
		default:
			p.note(Ignored, "weight: keepalived knows no option %s", quote(words[2]))
			return
		}
	}
	p.checker.File.Weight, p.checker.File.Reverse = at(p, int(v)), reverse
}

func endFile(p *parser) {
	f := p.checker.File
	file := p.tracked[f.Name.V]
	if file == nil {
		p.dropChecker("FILE_CHECK has no track_file")
		return
	}
	if !f.Weight.IsSet() {
		f.Weight, f.Reverse = file.Weight, file.Reverse
	}
}
