package labtest

import (
	"strings"
	"testing"
)

func TestRefusesOutsideTheLab(t *testing.T) {
	t.Setenv("LVSDNS_LAB", "")
	err := Run(t.Context(), t.Logf, func(*Lab) { t.Error("the scenario was played") })
	if err == nil || !strings.Contains(err.Error(), "LVSDNS_LAB is not set") {
		t.Errorf("Run = %v, want a refusal that names LVSDNS_LAB", err)
	}
}
