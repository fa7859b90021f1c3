package act

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// Sysctl brings a kernel setting to a value, or only says when it has another one.
type Sysctl struct {
	Key, Value string
	Assert     bool
	Root       string // of /proc/sys; empty: /
}

// path is that of the setting. A dot within a name, as in an interface eth0.5, is written as a slash (sysctl(8)): then slashes are the
// separators.
func (s Sysctl) path() string {
	path := s.Key
	if !strings.Contains(path, "/") {
		path = strings.ReplaceAll(path, ".", "/")
	}
	return filepath.Join("/", s.Root, "proc/sys", path)
}

// Do implements Action. The value found is noted before the first change.
func (s Sysctl) Do(_ context.Context, c Call) (string, error) {
	path := s.path()
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", s.Key, err)
	}
	found := fields(string(text))
	secret := !ownfile.Exposed(path) // such as net.ipv4.tcp_fastopen_key: the journal is for everybody
	switch {
	case found == fields(s.Value) && secret:
		return s.Key + " is as it should be", nil
	case found == fields(s.Value):
		return s.Key + " is " + found, nil
	case s.Assert && secret:
		return "", fmt.Errorf("%s is not what it should be", s.Key)
	case s.Assert:
		return "", fmt.Errorf("%s is %s, and should be %s", s.Key, found, s.Value)
	}
	if !secret {
		c.Found(s.Key, found)
	}
	// Below /proc no file is made: os.WriteFile would try.
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return "", fmt.Errorf("set %s: %w", s.Key, err)
	}
	_, err = f.WriteString(s.Value)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	switch {
	case err != nil && secret:
		return "", fmt.Errorf("set %s: %w", s.Key, err)
	case err != nil:
		return "", fmt.Errorf("set %s to %s: %w", s.Key, s.Value, err)
	case secret:
		return s.Key + " was changed", nil
	}
	return fmt.Sprintf("%s was %s and is %s", s.Key, found, s.Value), nil
}

func fields(s string) string { return strings.Join(strings.Fields(s), " ") }
