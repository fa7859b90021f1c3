package ipvs

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata")

// dump is one answer of a kernel: the name of what it holds, and its attributes as they came.
type dump struct {
	what  string // service, destination, daemon, timeouts, info
	attrs []byte
}

// readDumps reads a recording: a line for each answer, destinations after their service.
func readDumps(t testing.TB, path string) []dump {
	t.Helper()
	if n := uint16(1); binary.NativeEndian.Uint16([]byte{1, 0}) != n {
		t.Skip("the recordings come from a little-endian machine")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []dump
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		what, text, _ := strings.Cut(scanner.Text(), " ")
		if what == "#" {
			continue
		}
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, dump{what, b})
	}
	return all
}

// TestGolden decodes what real kernels have said.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.hex")
	if err != nil || paths == nil {
		t.Fatalf("no recordings: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var b strings.Builder
			var family Family
			for _, d := range readDumps(t, path) {
				line, err := show(d, &family)
				if err != nil {
					t.Fatalf("%s %x: %v", d.what, d.attrs, err)
				}
				b.WriteString(line)
			}
			golden := strings.TrimSuffix(path, ".hex") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("decoded\n%s\nwant\n%s", b.String(), want)
			}
		})
	}
}

// show decodes a dump and prints every field of it. A destination is decoded with the family of the service before it.
func show(d dump, family *Family) (string, error) {
	switch d.what {
	case "service":
		var s Service
		b, err := within(d.attrs, attrService)
		if err != nil {
			return "", err
		}
		err = decodeService(b, &s)
		*family = s.Family
		return fmt.Sprintf("service %s family=%s scheduler=%s flags=%s(%#x) timeout=%s netmask=%s pe=%s\n    %+v\n", s.ServiceKey,
			s.Family, s.Scheduler, s.Flags.Names(s.Scheduler), uint32(s.Flags), s.Timeout, s.Netmask, s.PEName, s.Stats), err
	case "destination":
		var x Destination
		b, err := within(d.attrs, attrDest)
		if err != nil {
			return "", err
		}
		err = decodeDestination(b, *family, &x)
		return fmt.Sprintf("  destination %s family=%s forward=%s weight=%d tunnel=%+v upper=%d lower=%d active=%d inactive=%d persistent=%d\n    %+v\n",
			x.DestinationKey, x.Family(), x.Forward, x.Weight, x.Tunnel, x.UpperThreshold, x.LowerThreshold,
			x.Active, x.Inactive, x.Persistent, x.Stats), err
	case "daemon":
		var x Daemon
		b, err := within(d.attrs, attrDaemon)
		if err != nil {
			return "", err
		}
		err = decodeDaemon(b, &x)
		return fmt.Sprintf("daemon %+v\n", x), err
	case "timeouts":
		var x Timeouts
		err := decodeTimeouts(d.attrs, &x)
		return fmt.Sprintf("timeouts %+v\n", x), err
	case "info":
		var x Info
		err := decodeInfo(d.attrs, &x)
		return fmt.Sprintf("info %+v\n", x), err
	}
	return "", fmt.Errorf("unknown kind of dump")
}
