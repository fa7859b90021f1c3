package netns

import (
	"os"
	"path/filepath"
)

// Open opens a namespace by the name that ip-netns(8) has given it.
func Open(name string) (*os.File, error) { return os.Open(filepath.Join("/run/netns", name)) }
