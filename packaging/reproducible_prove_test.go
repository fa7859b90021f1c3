//go:build prove

package packaging_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReproducible makes a release of this commit twice: in directories of different names, with other umasks, time zones and languages.
// Every file must be the same to the byte, and be in SHA256SUMS.
func TestReproducible(t *testing.T) {
	commit, err := exec.Command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	first := release(t, string(commit), "a", "022", "TZ=UTC", "LANG=C")
	second := release(t, string(commit), "another/place", "077", "TZ=Asia/Kathmandu", "LANG=de_DE.UTF-8", "USER=somebody")
	for _, name := range slices.Sorted(maps.Keys(first)) {
		if first[name] != second[name] {
			t.Errorf("%s is another the second time: %s, %s", name, first[name], second[name])
		}
		delete(second, name)
	}
	for name := range second {
		t.Errorf("%s is there the second time only", name)
	}
	if len(first) < 17 { // two tarballs, what seven programs are made of for each of two architectures, and the sums
		t.Errorf("a release is %q", slices.Sorted(maps.Keys(first)))
	}
}

// release makes it in a new clone, and returns the sum of each file in dist/.
func release(t *testing.T, commit, place, umask string, env ...string) map[string]string {
	t.Helper()
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), place)
	const script = `umask "$1" && git clone --quiet "$2" "$3" && cd "$3" && git checkout --quiet --detach "$4" && make release`
	cmd := exec.Command("sh", "-c", script, "sh", umask, repository, dir, strings.TrimSpace(commit))
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sums := map[string]string{}
	dist := os.DirFS(filepath.Join(dir, "dist"))
	err = fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(dist, name)
		sum := sha256.Sum256(content)
		sums[name] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	told, err := fs.ReadFile(dist, "SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	for name, sum := range sums {
		if name != "SHA256SUMS" && !strings.Contains(string(told), sum+"  "+name+"\n") {
			t.Errorf("SHA256SUMS has another sum for %s, or none", name)
		}
	}
	return sums
}
