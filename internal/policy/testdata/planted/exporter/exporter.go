// Package exporter is an engine: it stands on drift and the leaves, not on another engine.
package exporter

import (
	_ "github.com/lvsdns/lvsdns/checker"
	_ "github.com/lvsdns/lvsdns/internal/drift"
	_ "github.com/lvsdns/lvsdns/internal/fallback" // want direction
	_ "github.com/prometheus/client_golang/prometheus"
)
