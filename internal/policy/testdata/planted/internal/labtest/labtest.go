// Package labtest may look at its process: it runs in a guest only.
package labtest

import (
	_ "github.com/lvsdns/lvsdns/checker" // want direction
	"os"
)

func inGuest() bool { return os.Getenv("LVSDNS_LAB") != "" }
