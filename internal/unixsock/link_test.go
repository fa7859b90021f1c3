package unixsock

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLink: a name that is a link to another directory stays one, and leads to whoever listens.
func TestLink(t *testing.T) {
	for _, to := range []string{"own/s", "DIR/own/s"} {
		dir := t.TempDir()
		path, own := filepath.Join(dir, "s"), filepath.Join(dir, "own")
		if err := errors.Join(os.Mkdir(own, 0o755), os.Symlink(strings.Replace(to, "DIR", dir, 1), path)); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second takes what the first has left behind
			c, name, err := ListenDatagram(path, 0o666)
			if err != nil {
				t.Fatal(err)
			}
			if link, err := os.Lstat(path); err != nil || link.Mode().Type() != fs.ModeSymlink {
				t.Fatalf("the link is %v, %v", link.Mode(), err)
			}
			if s, err := os.Lstat(filepath.Join(own, "s")); err != nil || s.Mode() != fs.ModeSocket|0o666 || !name.There() {
				t.Fatalf("where it leads is %v, %v", s, err)
			}
			from, err := net.Dial("unixgram", path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := from.Write([]byte("x")); err != nil {
				t.Error(err)
			}
			from.Close()
			if _, _, err := ListenDatagram(path, 0o666); err == nil || !strings.Contains(err.Error(), "another process listens") {
				t.Errorf("a second one: %v", err)
			}
			c.Close()
		}
	}
}

// TestLinkOfOthers: a link of another user leads root nowhere, and a link to a link is no socket.
func TestLinkOfOthers(t *testing.T) {
	dir := t.TempDir()
	path, twice := filepath.Join(dir, "s"), filepath.Join(dir, "twice")
	if err := errors.Join(os.Symlink("s", twice), os.Symlink("elsewhere", path)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Listen(twice, 0o666); err == nil || !strings.Contains(err.Error(), "no socket; remove it") {
		t.Errorf("a link to a link: %v", err)
	}
	if err := os.Lchown(path, 65534, 65534); err != nil {
		t.Skipf("a link of somebody else takes root: %v", err)
	}
	if _, _, err := Listen(path, 0o666); err == nil || !strings.Contains(err.Error(), "neither root's nor ours") {
		t.Errorf("another user's link: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "else*")); len(left) > 0 {
		t.Errorf("it was followed: %v", left)
	}
}

// TestChmodFollowsNothing: the rights of what somebody has put in the socket's place stay as they were.
func TestChmodFollowsNothing(t *testing.T) {
	dir := t.TempDir()
	secret, link := filepath.Join(dir, "secret"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(secret, nil, 0o600), os.Symlink(secret, link)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{secret, link} {
		if err := chmod(path, 0o666); err == nil {
			t.Errorf("%s: its rights were changed", path)
		}
	}
	if info, err := os.Stat(secret); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}
