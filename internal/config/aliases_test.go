package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestAliases has settings whose aliases double: a list of a billion, in a few lines.
func TestAliases(t *testing.T) {
	text := "a0: &a0 [x, x]\n"
	for i := range 30 {
		text += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	_, err := decode("exporter.yaml", []byte(text))
	if err == nil || !strings.Contains(err.Error(), "excessive aliasing") || strings.Contains(err.Error(), "\n") {
		t.Error(err)
	}
}
