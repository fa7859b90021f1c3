// Package alerts holds the alerting rules for Prometheus on what
// lvsdns-exporter shows.
package alerts

import _ "embed"

// rules is the file that operators install.
//
//go:embed lvsdns.yml
var rules []byte

// Rules is a file of rules as Prometheus reads it.
func Rules() []byte { return rules }
