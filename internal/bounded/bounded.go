// Package bounded reads files that somebody else may make large.
package bounded

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// Settings is more than anybody writes by hand: settings, keys, certificates.
const Settings = 1 << 20

// ErrLong is the error of a file with more bytes than its reader takes.
var ErrLong = errors.New("is longer than what is read of such a file")

// ReadFile reads a file of at most that many bytes, and nothing of a longer one: half a file says something else than the whole.
func ReadFile(name string, most int) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, name, most)
}

// ReadAll reads what there is, which has that name, to its end.
func ReadAll(r io.Reader, name string, most int) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if len(content) > most {
		return nil, &fs.PathError{Op: "read", Path: name, Err: ErrLong}
	}
	return content, nil
}

// Begin keeps the first bytes of what is written to it, at most that many.
type Begin struct {
	Most int
	kept []byte
}

// Write implements io.Writer.
func (b *Begin) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), b.Most-len(b.kept))]...)
	return len(p), nil
}

// String is what was kept.
func (b *Begin) String() string { return string(b.kept) }
