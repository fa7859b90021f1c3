// Package site has what is decided in one place.
package site

import conf "github.com/lvsdns/lvsdns/internal/keepalived"

// Read is that place.
func Read() { _, _ = conf.Load("a", conf.Options{}) }

// Again is another.
func Again() { _, _ = conf.Load("b", conf.Options{}) } // want one place
