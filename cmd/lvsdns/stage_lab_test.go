//go:build lab

package main_test

import (
	"testing"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// newStage has a director whose kernel is set as docs/flows.md asks for, so that drift has nothing to say of it.
func newStage(t *testing.T, lab *labtest.Lab, director *labtest.Host) *stage {
	t.Helper()
	if _, err := director.Run(t.Context(), "sysctl", "-qw", "net.ipv4.vs.expire_nodest_conn=1", "net.ipv4.vs.expire_quiescent_template=1"); err != nil {
		t.Fatal(err)
	}
	return &stage{Lab: lab, t: t, director: director}
}
