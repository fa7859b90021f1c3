// Package ipvs has every kind of package-level variable.
package ipvs

import (
	_ "embed"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
)

// Fixed from the start.
var (
	errGone           = errors.New("gone")
	word              = regexp.MustCompile(`\w+`)
	table             = map[string]int{"a": 1}
	rows              = [...]struct{ n int }{{1}}
	magic             = []byte("ip_vs")
	_       io.Reader = (*strings.Reader)(nil)
)

//go:embed state.go
var embedded []byte

var mu sync.Mutex                // want state
var count int                    // want state
var pointer = &strings.Builder{} // want state
var made = make(map[string]int)  // want state
var once = sync.OnceValue(f)     // want state

var (
	cache   = map[string]int{}
	list    = []int{1}
	handed  = [2]int{}
	shadow  = []int{1}
	replace = errors.New("x")
)

func init() { // want init
	cache["a"] = 1    // want state
	rows[0].n++       // want state
	g(&handed)        // want state
	delete(cache, "") // want state
	shadow := shadow
	shadow[0] = 2
	for i, table := range list {
		list, i := []int{table}, i
		list[i] = 1
	}
}

type t struct{ list []int }

func (x t) init() { x.list[0] = 1 }
