package act

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTrack writes all files by one look, and none when there is nothing to look at: keepalived goes on with what was true last.
func TestTrack(t *testing.T) {
	dir := t.TempDir()
	vip := netip.MustParseAddr("192.0.2.53")
	files := []TrackFile{{Path: filepath.Join(dir, "a"), Addr: vip}, {Path: filepath.Join(dir, "b"), Addr: vip, Proto: "tcp"}}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
	table := fakeTable{services: []Service{{Addr: netip.MustParseAddrPort("192.0.2.53:53"), Proto: "udp", Usable: 2}, {Addr: netip.MustParseAddrPort("192.0.2.53:53"), Proto: "tcp", Usable: 3}}}
	if err := Track(t.Context(), table, files); err != nil || read("a") != "2\n" || read("b") != "3\n" {
		t.Errorf("%v: %q %q", err, read("a"), read("b"))
	}
	if err := Track(t.Context(), fakeTable{err: errors.New("no netlink")}, files); err == nil || !strings.Contains(err.Error(), "stay as they are") || read("a") != "2\n" {
		t.Errorf("%v: %q", err, read("a"))
	}
	if err := Track(t.Context(), fakeTable{}, files); err != nil || read("a") != "0\n" || read("b") != "0\n" {
		t.Errorf("without virtual servers: %v: %q %q", err, read("a"), read("b"))
	}
	if err := Track(t.Context(), fakeTable{err: errors.New("nobody looks")}, nil); err != nil {
		t.Error(err)
	}
	// One that can't be written is no reason to leave the others out.
	files[0].Path = "/dev/null/a"
	if err := Track(t.Context(), table, files); err == nil || !strings.Contains(err.Error(), "/dev/null/a") || read("b") != "3\n" {
		t.Errorf("%v: %q", err, read("b"))
	}
}

// TestTrackEnd leaves a file as the settings say.
func TestTrackEnd(t *testing.T) {
	for onExit, want := range map[string]string{"keep": "7\n", "": "7\n", "zero": "0\n", "remove": "gone"} {
		f := TrackFile{Path: filepath.Join(t.TempDir(), "healthy"), OnExit: onExit}
		if _, err := f.Write(7); err != nil {
			t.Fatal(err)
		}
		for range 2 { // A file that is gone already is as it should be.
			if err := f.End(); err != nil {
				t.Errorf("%q: %v", onExit, err)
			}
		}
		text, err := os.ReadFile(f.Path)
		if errors.Is(err, os.ErrNotExist) {
			text = []byte("gone")
		}
		if string(text) != want {
			t.Errorf("%q: %q, want %q", onExit, text, want)
		}
	}
	if err := (TrackFile{Path: "/dev/null/x", OnExit: "zero"}).End(); err == nil {
		t.Error("a file that can't be written")
	}
}
