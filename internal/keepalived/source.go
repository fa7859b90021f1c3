package keepalived

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// maxDepth is how deep files may include each other. keepalived itself goes on
// until it has no file descriptors left.
const maxDepth = 100

// file is one open file.
type file struct {
	name string // absolute
	text []byte // what is left
	line int    // of the piece that was read last
	mid  bool   // that piece did not end its line
}

// opened is the list of files that one include stands for.
type opened struct {
	*file
	names []string // not opened yet
	check strictness
	was   strictness // include_check when it was opened
	wild  bool       // the include is a pattern
}

// source reads the lines of a file and of those that it includes.
type source struct {
	fsys  fs.FS
	dir   string // of the process
	stack []*opened
	read  []string          // the names of all files so far
	texts map[string][]byte // of these files: one may be included many times
	bytes int               // of files that may still be read
	names int               // that may still be looked at

	include strictness // include_check in global_defs

	note func(k NoteKind, format string, args ...any)
	lost func(Note)                       // a file with all that stands in it
	stop func(format string, args ...any) // the end, at a limit
}

// strictness is which problems with a file keep keepalived from starting.
type strictness struct{ read, match, wildcard, brace bool }

// open reads the files that match a pattern, relative to the directory of the
// file that is being read. strict is what this include says itself.
func (s *source) open(pattern string, strict strictness) bool {
	if len(s.stack) == maxDepth {
		s.note(Fatal, "files include each other more than %d deep: take the include out that leads back", maxDepth)
		s.stack = nil
		return false
	}
	absolute := pattern
	if !path.IsAbs(pattern) {
		absolute = path.Join(s.directory(), pattern)
	}
	names, missing := glob(counted{s.fsys, &s.names}, absolute)
	if s.names -= len(names); s.names < 0 {
		s.stop("includes look at more names of files than the limit of this reader")
		return false
	}
	wild, braced := strings.ContainsAny(pattern, "*?["), strings.Contains(pattern, "{")
	lost := pattern
	if wild && !braced { // What was to be found is not known.
		lost = ""
	}
	switch {
	case len(names) == 0 && missing:
		what := "no file %s"
		if strings.Contains(pattern, `"`) {
			what += ", whose quotes belong to the name"
		}
		s.problem(!braced && strict.match || braced && strict.brace, lost, what, quote(pattern))
		return false
	case len(names) == 0:
		if strict.wildcard {
			s.problem(true, "", "no file matches %s", quote(pattern))
		}
		return false
	case missing:
		s.problem(strict.brace, lost, "not all files of %s are there", quote(pattern))
		if strict.brace {
			return false
		}
	}
	o := &opened{names: names, check: strict, was: s.include, wild: wild}
	if !s.next(o) {
		return false
	}
	s.stack = append(s.stack, o)
	return true
}

// problem is a file that keepalived does not read, lost with all that stands in it.
func (s *source) problem(fatal bool, lost, format string, args ...any) {
	switch {
	case fatal:
		s.note(Fatal, format, args...)
	case lost == "":
		s.note(File, format+": keepalived goes on without it", args...)
	default:
		s.lost(Note{
			Kind: File, Text: fmt.Sprintf(format+": keepalived goes on without it", args...), Lost: "include " + lost,
			Mend: "put the file there, readable, regular and not executable, or take the include out",
		})
	}
}

// again makes the files of the include that was just opened be read once more.
func (s *source) again() {
	o := *s.stack[len(s.stack)-1]
	f := *o.file
	o.file = &f
	s.stack = append(s.stack, &o)
}

// next opens the next readable file of an include.
func (s *source) next(o *opened) bool {
	for len(o.names) > 0 {
		name := o.names[0]
		o.names = o.names[1:]
		text, err := s.load(name)
		if errors.Is(err, errLong) {
			s.stop("with %s the files are longer than the limit of this reader", name)
			return false
		}
		if err != nil {
			lost := name
			if info, _ := fs.Stat(s.fsys, inFS(name)); o.wild && info != nil && info.IsDir() {
				lost = "" // A pattern such as conf.d/* finds directories too.
			}
			s.problem(o.check.read, lost, "%v", err)
			continue
		}
		o.file = &file{name: name, text: text}
		s.read = append(s.read, name)
		return true
	}
	return false
}

// load reads a file that keepalived would read: regular and not executable.
func (s *source) load(name string) ([]byte, error) {
	if text, ok := s.texts[name]; ok {
		return text, nil
	}
	info, err := fs.Stat(s.fsys, inFS(name))
	if err != nil {
		return nil, outsideFS(name, err)
	}
	if !info.Mode().IsRegular() || info.Mode()&0o111 != 0 {
		return nil, fmt.Errorf("%s is not a regular file, or is executable", name)
	}
	if info.Size() > int64(s.bytes) {
		return nil, errLong
	}
	f, err := s.fsys.Open(inFS(name))
	if err != nil {
		return nil, outsideFS(name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, int64(s.bytes)+1))
	if err != nil {
		return nil, outsideFS(name, err)
	}
	if len(text) > s.bytes { // it grows
		return nil, errLong
	}
	s.bytes -= len(text)
	s.texts[name] = text
	return text, nil
}

var errLong = errors.New("too long")

// outsideFS puts the name that an operator knows in place of the one that fs.FS wants.
func outsideFS(name string, err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return &fs.PathError{Op: p.Op, Path: name, Err: p.Err}
	}
	return err
}

// piece is what was read at once: a line, or as much of it as keepalived's
// buffer takes.
type piece struct {
	text string
	cut  bool // the line goes on
	rest bool // the line began before
	nul  bool // a NUL byte ended it
	full bool // it fills the buffer without the end of a line
	last bool // the file ended before the line did
}

// nextPiece reads on in the file that is open.
func (s *source) nextPiece() (p piece, ok bool) {
	for len(s.stack) > 0 {
		o := s.stack[len(s.stack)-1]
		if o.file == nil || len(o.text) == 0 {
			s.include = o.was // What a file says of includes holds to its end (end_file() in keepalived's lib/parser.c).
			if !s.next(o) {
				s.stack = s.stack[:len(s.stack)-1]
			}
			continue
		}
		f := o.file
		text := f.text[:min(len(f.text), maxLine-1)]
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			text = text[:end+1]
		}
		f.text = f.text[len(text):]
		if p.rest = f.mid; !p.rest {
			f.line++
		}
		f.mid = text[len(text)-1] != '\n'
		p.cut = f.mid && len(f.text) > 0
		p.full = f.mid && len(text) == maxLine-1
		p.last = f.mid && !p.full && len(f.text) == 0
		if end := bytes.IndexByte(text, 0); end >= 0 {
			text, p.nul = text[:end], true
		}
		p.text = strings.TrimRight(string(text), "\r\n")
		return p, true
	}
	return p, false
}

// pos is the place of the line that was read last.
func (s *source) pos() Pos {
	for i := len(s.stack) - 1; i >= 0; i-- {
		if f := s.stack[i].file; f != nil {
			return Pos{f.name, f.line}
		}
	}
	return Pos{}
}

// directory is where relative names and ${_PWD} start.
func (s *source) directory() string {
	if p := s.pos(); !p.IsZero() {
		return path.Dir(p.File)
	}
	return s.dir
}
