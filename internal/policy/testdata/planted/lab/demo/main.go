// Command demo drives the programs from outside.
package main

import (
	_ "github.com/lvsdns/lvsdns/checker" // want direction
	_ "github.com/lvsdns/lvsdns/internal/labtest"
)
