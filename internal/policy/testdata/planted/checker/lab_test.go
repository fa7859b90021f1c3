//go:build lab

package checker

import _ "github.com/lvsdns/lvsdns/exporter" // want direction
