package capture

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// TestWanted: auto leaves it to what the process may do, and says what is missing.
func TestWanted(t *testing.T) {
	for _, tt := range []struct {
		setting string
		err     error
		on      bool
		off     string // in the line; empty: there is none
	}{
		{"true", syscall.EPERM, true, ""}, // and the source dns says the error
		{"false", nil, false, ""},
		{"auto", nil, true, ""},
		{"auto", syscall.EPERM, false, "open a packet socket: operation not permitted; CAP_NET_RAW is missing"},
		{"auto", syscall.EAFNOSUPPORT, false, "RestrictAddressFamilies= with AF_PACKET"},
		{"auto", syscall.EACCES, false, "permission denied; this kernel does not let it"},
	} {
		on, off := Wanted(tt.setting, func() error {
			if tt.err != nil {
				return fmt.Errorf("open a packet socket: %w", tt.err)
			}
			return nil
		})
		if on != tt.on || (tt.off == "") != (off == "") || !strings.Contains(off, tt.off) {
			t.Errorf("%s with %v: %t, %q; want %t, %q", tt.setting, tt.err, on, off, tt.on, tt.off)
		}
	}
}
