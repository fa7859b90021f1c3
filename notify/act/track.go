package act

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// TrackFile is a file that keepalived tracks (track_file): it gets the number of usable real servers of an address, so
// that the priority of an instance can follow them.
type TrackFile struct {
	Path   string
	Addr   netip.Addr
	Port   uint16 // 0: any
	Proto  string // empty: any
	OnExit string // keep, zero or remove
}

// Healthy is the number of usable real servers of the virtual server that has the fewest: UDP and TCP of one address serve
// the same clients. Without a virtual server it is 0.
func (f TrackFile) Healthy(services []Service) int {
	least, found := 0, false
	for _, s := range services {
		if s.Addr.Addr() != f.Addr || f.Port != 0 && s.Addr.Port() != f.Port || f.Proto != "" && s.Proto != f.Proto {
			continue
		}
		if !found || s.Usable < least {
			least, found = s.Usable, true
		}
	}
	return least
}

// Write replaces the file if its number is another one. keepalived looks at a file that is moved into its place
// (process_inotify in keepalived/trackers/track_file.c).
func (f TrackFile) Write(n int) (changed bool, err error) {
	text := strconv.Itoa(n)
	if now, err := ownfile.Read(f.Path, 64); err == nil && strings.TrimSpace(string(now)) == text {
		return false, nil
	}
	if err := ownfile.Replace(f.Path, []byte(text+"\n"), 0o644); err != nil {
		return false, fmt.Errorf("write track file: %w", err)
	}
	return true, nil
}

// End leaves the file as it is to be while nobody writes it.
func (f TrackFile) End() error {
	switch f.OnExit {
	case "zero":
		_, err := f.Write(0)
		return err
	case "remove":
		if err := os.Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Track writes all files.
func Track(ctx context.Context, table Table, files []TrackFile) error {
	if len(files) == 0 {
		return nil
	}
	services, err := table.Services(ctx)
	if err != nil {
		return fmt.Errorf("track files stay as they are: %w", err)
	}
	var errs []error
	for _, f := range files {
		_, err := f.Write(f.Healthy(services))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
