package probe

import (
	"bufio"
	"crypto/md5" //nolint:gosec // the digest of HTTP_GET is MD5, and compares pages
	"encoding/hex"
	"io"
	"regexp"
)

// What a real server may send, in bytes. As in keepalived nothing of it is kept: a page is hashed and searched while it comes, so
// that a thousand endless ones cost no memory. How long it may take is connect_timeout.
const (
	// maxHead is what keepalived's buffer takes of status and headers (MAX_BUFFER_LENGTH in check_http.h, less the NUL).
	maxHead = 4095
	// maxPage is more than anybody serves to a health check.
	maxPage = 64 << 20
	// maxSearched is how much of a page a regex looks at: it costs a hundred times as much time as the digest does.
	maxSearched = 1 << 20
)

// seen is what is known of a page that has gone by.
type seen struct {
	digest  string // of all of it
	matched bool   // the regex has, by its first bytes
	long    bool   // there was more than digest or regex have looked at
}

// look reads a page to its end, or as far as anybody wants to see it.
func look(page io.Reader, regex *regexp.Regexp) (seen, error) {
	hash := md5.New() //nolint:gosec // see above
	all := &io.LimitedReader{R: page, N: maxPage + 1}
	page = io.TeeReader(all, hash)
	var s seen
	cut := false
	if regex != nil {
		first := &io.LimitedReader{R: page, N: maxSearched}
		s.matched = regex.MatchReader(bufio.NewReader(first))
		cut = first.N == 0                // What looks like the end need not be it.
		_, _ = io.Copy(io.Discard, first) // An error is met again below.
	}
	rest, err := io.Copy(io.Discard, page)
	if cut && rest > 0 {
		s.matched, s.long = false, true
	}
	s.long = s.long || all.N == 0
	s.digest = hex.EncodeToString(hash.Sum(nil))
	return s, err
}
