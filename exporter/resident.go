package exporter

import (
	"github.com/lvsdns/lvsdns/exporter/internal/checks"
	"github.com/lvsdns/lvsdns/exporter/internal/connections"
	"github.com/lvsdns/lvsdns/exporter/internal/tracking"
)

// What goes on while an Exporter is replaced by another one: who makes Exporters makes these, runs them, and hands them to each.
type (
	// Checks remembers the last report of each check.
	Checks = checks.Memory
	// ChecksConfig bounds what is remembered of checks.
	ChecksConfig = checks.Config

	// Connections reads the connection table in passes.
	Connections = connections.Reader
	// ConnectionsConfig says how often the connection table is read, and how much of it.
	ConnectionsConfig = connections.Config

	// FlowsConfig says how flows are counted.
	FlowsConfig = tracking.Flows
)

// NewChecks makes an empty memory.
func NewChecks(c ChecksConfig) *Checks { return checks.New(c) }

// NewConnections makes a reader that has read nothing yet.
func NewConnections(c ConnectionsConfig) *Connections { return connections.New(c) }
