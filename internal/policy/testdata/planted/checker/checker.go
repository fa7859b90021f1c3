// Package checker is a leaf.
package checker

import (
	_ "net/http"

	_ "example.com/never/heard/of" // want home
	_ "github.com/lvsdns/lvsdns/checker/sub"
	_ "github.com/lvsdns/lvsdns/conntrack"        // want direction
	_ "github.com/lvsdns/lvsdns/internal/labtest" // want direction
	_ "github.com/miekg/dns"
	_ "github.com/rogpeppe/go-internal" // want home
	_ "github.com/spf13/viper"          // want home
)
