//go:build lab && prove

package capture

import "testing"

// TestClientSignsEnded: with a connection that the server closes. What its last octet was shows only when the connection is
// forgotten, some seconds later.
func TestClientSignsEnded(t *testing.T) {
	for _, name := range []string{"DR", "TUN"} {
		t.Run(name, func(t *testing.T) { clientSigns(t, name, true) })
	}
}
