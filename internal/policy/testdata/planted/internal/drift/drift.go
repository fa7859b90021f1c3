// Package drift is below the engines.
package drift

import (
	_ "github.com/lvsdns/lvsdns/exporter" // want direction
	_ "github.com/lvsdns/lvsdns/internal/ipvs"
)
