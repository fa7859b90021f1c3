package report_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/report"
)

func TestReport(t *testing.T) {
	name := filepath.Join(t.TempDir(), "run", "report.json")
	if r, err := report.Read(name); r != nil || err != nil {
		t.Errorf("without a file: %v, %v", r, err)
	}
	want := report.Report{PID: 42, At: time.Unix(1767323000, 0).UTC(), Stopped: "another wrote", Writes: 7, Up: 3, Down: 1, Checks: map[string]uint64{report.Pass: 9}}
	if err := report.Write(name, want); err != nil {
		t.Fatal(err)
	}
	if got, err := report.Read(name); err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if err := os.WriteFile(name, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Read(name); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("half a file: %v", err)
	}
}
