package keepalived

import (
	"slices"
	"strings"
)

const (
	blank      = " \t"
	whitespace = " \t\f\n\r\v"
)

// decomment removes comments and the blanks around the text, and turns \# and
// \! into the plain character. A backslash that ends the line stays: it
// continues a definition. open reports a quote that is not closed.
//
// Before 2.4 keepalived looks for that last backslash in comments too.
func decomment(line string, by release) (text string, open bool) {
	b := []byte(strings.TrimLeft(line, blank))
	quoted, continued, end := false, false, -1
scan:
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			if end < 0 {
				quoted = !quoted
			}
		case '\\':
			if i+1 == len(b) {
				b, continued = b[:i], true
				break scan
			}
			if !quoted && (b[i+1] == '#' || b[i+1] == '!') {
				b = slices.Delete(b, i, i+1)
			} else {
				i++
			}
		case '#', '!':
			if !quoted && end < 0 {
				end = i
			}
			if end >= 0 && by >= v240 {
				break scan
			}
		}
	}
	if end >= 0 {
		b = b[:end]
	}
	text = strings.TrimRight(string(b), blank)
	if continued {
		text += `\`
	}
	return text, quoted
}

// split is the first layer: words between blanks, and text between double
// quotes as one word. It knows neither single quotes nor escapes. open reports
// a quote that is not closed; keepalived ignores what follows it.
func split(line string) (words []string, open bool) {
	for {
		line = strings.TrimLeft(line, whitespace)
		if line == "" {
			return words, false
		}
		if line[0] == '"' {
			end := strings.IndexByte(line[1:], '"')
			if end < 0 {
				return words, true
			}
			words = append(words, line[1:end+1])
			line = line[end+2:]
			continue
		}
		end := strings.IndexAny(line, whitespace+`"`)
		if end < 0 {
			end = len(line)
		}
		words = append(words, line[:end])
		line = line[end:]
	}
}

// splitEscaped is the second layer, for scripts and patterns: both kinds of
// quotes, also within a word, and escapes everywhere; without escapes, what a
// backslash protects stays as it is. It returns false for a quote that is not
// closed and for a backslash at the end.
func splitEscaped(line string, by release, escapes bool) (words []string, ok bool) {
	i := 0
	for {
		for i < len(line) && strings.IndexByte(whitespace, line[i]) >= 0 {
			i++
		}
		if i == len(line) {
			return words, true
		}
		var word []byte
		var quote byte
	word:
		for i < len(line) {
			c := line[i]
			switch {
			case c == '\\':
				if i+1 == len(line) {
					return nil, false
				}
				if !escapes {
					word = append(word, c, line[i+1])
					i += 2
					continue
				}
				c, i = unescape(line, i+1, by)
				word = append(word, c)
				continue
			case c == quote: // Never 0: a line has no NUL.
				quote = 0
			case quote != 0:
				word = append(word, c)
			case c == '"' || c == '\'':
				quote = c
			case strings.IndexByte(whitespace, c) >= 0:
				break word
			default:
				word = append(word, c)
			}
			i++
		}
		if quote != 0 {
			return nil, false
		}
		words = append(words, string(word))
	}
}

// unescape reads what follows a backslash, and returns the character and the
// place after it. Since 2.3.2 keepalived takes two hexadecimal digits at most, before then all that are there.
func unescape(s string, i int, by release) (c byte, next int) {
	c = s[i]
	i++
	switch {
	case c == 'x' && i < len(s) && hexDigit(s[i]) >= 0:
		end := len(s)
		if by >= v232 {
			end = min(i+2, end)
		}
		for c = 0; i < end && hexDigit(s[i]) >= 0; i++ {
			c = c<<4 | byte(hexDigit(s[i]))
		}
	case c == 'c' && i < len(s):
		c, i = s[i]&0x1f, i+1
	case isOctal(c):
		c -= '0'
		for n := 0; n < 2 && i < len(s) && isOctal(s[i]); n++ {
			c, i = c<<3+(s[i]-'0'), i+1
		}
	default:
		const from, to = "abEfnrtv", "\a\b\x1b\f\n\r\t\v"
		if n := strings.IndexByte(from, c); n >= 0 {
			c = to[n]
		}
	}
	return c, i
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isName(c byte) bool { return isAlpha(c) || isDigit(c) || c == '_' }

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
