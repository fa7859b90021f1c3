package fifo

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lvsdns/lvsdns/internal/stranger"
)

// TestStrangersFIFO has a FIFO of another user: it is read where nobody but root can have put it, since keepalived may give its FIFO away, and
// nowhere else.
func TestStrangersFIFO(t *testing.T) {
	for _, mode := range []os.FileMode{0o755, 0o777} {
		dir := t.TempDir()
		path := filepath.Join(dir, "vrrp")
		if err := errors.Join(os.Chmod(dir, mode), syscall.Mkfifo(path, 0o600), os.Chown(path, stranger.ID, stranger.ID)); err != nil {
			t.Skip("a FIFO of another user takes root:", err)
		}
		p := &pipe{path: path}
		err := p.open()
		if (err == nil) != (mode == 0o755) || err != nil && !strings.Contains(err.Error(), "is of another user") {
			t.Errorf("in a directory with %o: %v", mode, err)
		}
		if err == nil {
			p.file.Close()
		}
	}
}
