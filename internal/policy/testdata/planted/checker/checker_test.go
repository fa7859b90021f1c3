package checker

import (
	"os"

	_ "github.com/lvsdns/lvsdns/conntrack" // want direction
	_ "github.com/lvsdns/lvsdns/internal/labtest"
	_ "github.com/rogpeppe/go-internal/testscript"
)

var update = os.Getenv("UPDATE") != ""

func init() { os.Exit(1) }
