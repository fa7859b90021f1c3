package fifo

import "bytes"

// splitter cuts the bytes of a FIFO into lines. The zero splitter is ready.
type splitter struct {
	rest []byte
	skip bool // the line under way is too long: it ends at the next newline, unread
}

// maxLine is more than any line of keepalived, whose names are at most 1024 bytes (MAXBUF in lib/parser.h).
const maxLine = 4096

// add calls line for each line that is now whole, and returns how many were too long to be any of keepalived's.
func (s *splitter) add(chunk []byte, line func(string)) (tooLong int) {
	for len(chunk) > 0 {
		end := bytes.IndexByte(chunk, '\n')
		part := chunk
		if end >= 0 {
			part = chunk[:end]
		}
		if len(s.rest)+len(part) > maxLine {
			s.skip, s.rest = true, s.rest[:0]
		}
		if !s.skip {
			s.rest = append(s.rest, part...)
		}
		if end < 0 {
			return tooLong
		}
		if s.skip {
			tooLong++
		} else if text := bytes.Trim(s.rest, "\x00\r"); len(text) > 0 {
			line(string(text))
		}
		s.rest, s.skip = s.rest[:0], false
		chunk = chunk[end+1:]
	}
	return tooLong
}

// end forgets the line under way and says whether there was one: a writer has gone in the middle of it.
func (s *splitter) end() bool {
	half := s.skip || len(bytes.Trim(s.rest, "\x00")) > 0
	s.rest, s.skip = s.rest[:0], false
	return half
}
