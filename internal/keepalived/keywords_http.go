package keepalived

import (
	"slices"
	"strings"
)

func httpKeywords() []keyword {
	h := func(field func(*HTTP) *Value[bool]) func(*parser) *Value[bool] {
		return checkerField(func(c *Checker) *Value[bool] { return field(c.HTTP) })
	}
	all := append(connectKeywords(), commonKeywords()...)
	return append(all,
		keyword{name: "nb_get_retry", handle: func(p *parser, words []string) {
			p.note(Adjusted, "nb_get_retry is an old name of retry")
			retry(0, true, checkerField(func(c *Checker) *Value[uint32] { return &c.Retry })).handle(p, words)
		}},
		text("virtualhost", checkerField(func(c *Checker) *Value[string] { return &c.HTTP.VirtualHost })),
		keyword{name: "http_protocol", handle: setHTTPVersion},
		boolean("enable_sni", h(func(h *HTTP) *Value[bool] { return &h.SNI })),
		keyword{name: "sni_name", since: "2.4.4", handle: setSNIName},
		boolean("fast_recovery", h(func(h *HTTP) *Value[bool] { return &h.FastRecovery })),
		from("2.2.8", boolean("tls_compliant", h(func(h *HTTP) *Value[bool] { return &h.TLSCompliant }))),
		keyword{name: "url", handle: startURL, sub: urlKeywords(), end: endURL},
	)
}

// setSNIName takes the name for SNI. Alone it switches SNI on, with the name
// that there would be without it.
func setSNIName(p *parser, words []string) {
	if p.checker == nil {
		return
	}
	h := p.checker.HTTP
	switch {
	case len(words) > 1 && h.SNIName.IsSet():
		p.note(Adjusted, "sni_name is already %s: keepalived takes %s", quote(h.SNIName.V), quote(words[1]))
		h.SNIName = at(p, words[1])
	case len(words) > 1:
		h.SNIName = at(p, words[1])
	case h.SNIName.IsSet():
		p.note(Ignored, "sni_name is already %s", quote(h.SNIName.V))
		return
	}
	h.SNI = at(p, true)
}

func setHTTPVersion(p *parser, words []string) {
	switch {
	case p.checker == nil:
	case len(words) < 2:
		p.note(Ignored, "http_protocol needs a value")
	case words[1] == "1.0" || words[1] == "1.1" || words[1] == "1.0C" || words[1] == "1.0c":
		p.checker.HTTP.Version = at(p, strings.ToUpper(words[1]))
	default:
		p.note(Ignored, "http_protocol: %s is not 1.0, 1.0C or 1.1", quote(words[1]))
	}
}

func startURL(p *parser, _ []string) {
	p.url = nil
	if p.checker == nil {
		return
	}
	h := p.checker.HTTP
	h.URLs = append(h.URLs, URL{Pos: p.here})
	p.url = &h.URLs[len(h.URLs)-1]
}

func urlField[T any](field func(*URL) *Value[T]) func(*parser) *Value[T] {
	return func(p *parser) *Value[T] {
		if p.url == nil {
			return nil
		}
		return field(p.url)
	}
}

func urlKeywords() []keyword {
	more := func(p *parser) *[]Statement {
		if p.url == nil {
			return nil
		}
		return &p.url.Other
	}
	return append([]keyword{
		{name: "path", handle: func(p *parser, words []string) {
			if w, ok := p.word(words, 1); ok && p.url != nil {
				p.url.Path = at(p, w)
			}
		}},
		{name: "digest", handle: setDigest},
		{name: "status_code", handle: addStatusCodes},
		text("virtualhost", urlField(func(u *URL) *Value[string] { return &u.VirtualHost })),
		{name: "regex", handle: setRegex},
		flag("regex_no_match", urlField(func(u *URL) *Value[bool] { return &u.RegexNoMatch })),
		from("2.2.8", boolean("tls_compliant", urlField(func(u *URL) *Value[bool] { return &u.TLSCompliant }))),
	}, others(more, "regex_options regex_min_offset regex_max_offset regex_stack")...)
}

func setDigest(p *parser, words []string) {
	w, ok := p.word(words, 1)
	if !ok || p.url == nil {
		return
	}
	switch data, _, isHex := hexText(w, false); {
	case p.url.Digest.IsSet():
		p.note(Ignored, "digest is already %s", p.url.Digest.V)
	case len(w) != 32 || !isHex || len(data) != 16:
		p.note(Ignored, "digest: %s is not an MD5 sum", quote(w))
	default:
		p.url.Digest = at(p, w)
	}
}

// addStatusCodes reads codes and ranges of codes, from 100 to 599.
func addStatusCodes(p *parser, words []string) {
	if p.url == nil {
		return
	}
	codes := p.url.StatusCodes.V
	for _, w := range words[1:] {
		first, rest, _ := scanUint(w)
		last := first
		if end, isRange := strings.CutPrefix(rest, "-"); isRange {
			last, rest, _ = scanUint(end)
		}
		if rest != "" || first < 100 || last > 599 || first > last {
			p.note(Ignored, "status_code: %s is not valid", quote(w))
			continue
		}
		codes = append(codes, w)
	}
	if len(codes) > 0 {
		p.url.StatusCodes = at(p, codes)
	}
}

func setRegex(p *parser, words []string) {
	fields, ok := splitEscaped(p.line, p.release, true)
	if !ok {
		p.note(Fatal, "regex: a quote is not closed: close it at the end of the pattern")
		return
	}
	if len(fields) != 2 {
		p.logged(Ignored, "regex needs one value: put it between quotes")
		return
	}
	if p.url != nil {
		p.url.Regex = at(p, fields[1])
	}
}

func endURL(p *parser) {
	u := p.url
	p.url = nil
	if u == nil {
		return
	}
	if !u.Path.IsSet() {
		h := p.checker.HTTP
		p.note(Ignored, "the url has no path: keepalived leaves it out")
		h.URLs = h.URLs[:len(h.URLs)-1]
	}
}

func endHTTP(p *parser) {
	if len(p.checker.HTTP.URLs) == 0 {
		if p.release < v228 && !p.connectsBefore() {
			p.note(Fatal, "%s has no url: give it one, or take it out", p.checker.Kind)
		}
		p.dropChecker("%s has no url", p.checker.Kind)
		return
	}
	endConnect(p)
}

// connectsBefore reports whether the checker before the present one connects: before 2.2.8 keepalived drops the present one, and then
// looks at the connection of the last that is left (http_get_check_end in check_http.c). Checks of files and of BFD are queued later.
func (p *parser) connectsBefore() bool {
	present := true
	for _, v := range slices.Backward(p.cfg.VirtualServers) {
		for _, r := range slices.Backward(v.RealServers) {
			for _, c := range slices.Backward(r.Checkers) {
				switch {
				case present:
					present = false
				case c.Kind != FileCheck && c.Kind != BFDCheck:
					return c.Connect != nil
				}
			}
		}
	}
	return false
}
