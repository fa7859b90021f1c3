package bounded_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/lvsdns/lvsdns/internal/bounded"
)

func TestReadFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte("12345678"), 0o644); err != nil {
		t.Fatal(err)
	}
	if content, err := bounded.ReadFile(name, 8); string(content) != "12345678" || err != nil {
		t.Errorf("%q, %v", content, err)
	}
	if content, err := bounded.ReadFile(name, 7); content != nil || !errors.Is(err, bounded.ErrLong) ||
		err.Error() != "read "+name+": is longer than what is read of such a file" {
		t.Errorf("%q, %v", content, err)
	}
	if content, err := bounded.ReadFile("/dev/zero", 1<<16); content != nil || !errors.Is(err, bounded.ErrLong) {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	if _, err := bounded.ReadFile(name+"x", 7); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestBegin(t *testing.T) {
	b := bounded.Begin{Most: 5}
	for _, text := range []string{"abc", "def", "ghi"} {
		if n, err := b.Write([]byte(text)); n != 3 || err != nil {
			t.Error(n, err)
		}
	}
	if b.String() != "abcde" {
		t.Errorf("%q", b.String())
	}
}
