package command

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lvsdns/lvsdns/internal/stranger"
)

// TestSecretForAll: a key that everybody can read is used, and people are told; the verdict is the same.
func TestSecretForAll(t *testing.T) {
	key := filepath.Join(stranger.Dir(t), "check.key")
	if err := os.WriteFile(key, []byte("c2VjcmV0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := "--timeout 10s --tsig k:hmac-sha256:" + key + " " + answering(t, true)
	want := run(t, args, nil)
	if want.status != 1 || want.stderr != "" {
		t.Fatalf("an answer that is not signed: %+v", want)
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	want.stderr = "lvsdns-check: " + key + " has secrets, and every user of this host can read it: chmod o-r " + key + "\n"
	if got := run(t, args, nil); got.status != want.status || got.stderr != want.stderr {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}
