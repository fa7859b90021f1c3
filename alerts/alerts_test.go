package alerts

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/lvsdns/lvsdns/internal/promcheck"
)

// alert has all the keys that a rule of ours may have: another one is a mistake.
type alert struct {
	Alert, Record, Expr, For string

	Labels      struct{ Severity string }
	Annotations struct {
		Summary, Description string
		Runbook              string `yaml:"runbook_url"`
	}
}

func load(t *testing.T) []alert {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string
			Rules []alert
		}
	}
	d := yaml.NewDecoder(bytes.NewReader(Rules()))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if r.Record == "" { // those that record are checked by promcheck.Load
				all = append(all, r)
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("there are no rules")
	}
	return all
}

func TestExpressionsKnowTheirMetrics(t *testing.T) {
	metrics, err := promcheck.Load()
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`\$labels\.(\w+)`)
	for _, a := range load(t) {
		var wanted []string
		for _, m := range used.FindAllStringSubmatch(a.Annotations.Summary+a.Annotations.Description, -1) {
			wanted = append(wanted, m[1])
		}
		if err := metrics.Check(a.Expr, wanted...); err != nil {
			t.Errorf("%s: %v", a.Alert, err)
		}
	}
}

func TestEachAlertHasItsTexts(t *testing.T) {
	for _, a := range load(t) {
		if a.Labels.Severity != "critical" && a.Labels.Severity != "warning" {
			t.Errorf("%s: severity is %q, want critical or warning", a.Alert, a.Labels.Severity)
		}
		if a.Annotations.Summary == "" || a.Annotations.Description == "" {
			t.Errorf("%s lacks a summary or a description", a.Alert)
		}
		if strings.HasSuffix(a.Annotations.Summary, ".") || !strings.HasSuffix(a.Annotations.Description, ".") {
			t.Errorf("%s: a summary is a headline without a full stop, a description has sentences", a.Alert)
		}
	}
}

// TestEachAlertHasARunbook holds alerts and docs/operations.md against each other, both ways.
func TestEachAlertHasARunbook(t *testing.T) {
	root, err := promcheck.Root()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(root, "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, s := range strings.Split(string(doc), "\n### ")[1:] {
		heading, text, _ := strings.Cut(s, "\n")
		sections[heading], _, _ = strings.Cut(text, "\n## ")
	}
	const file = "https://github.com/lvsdns/lvsdns/blob/main/docs/operations.md#"
	for _, a := range load(t) {
		// The anchor that GitHub makes of a heading of one word.
		if want := file + strings.ToLower(a.Alert); a.Annotations.Runbook != want {
			t.Errorf("%s: runbook_url is %s, want %s", a.Alert, a.Annotations.Runbook, want)
		}
		text, ok := sections[a.Alert]
		if !ok {
			t.Errorf("docs/operations.md has no heading \"### %s\"", a.Alert)
		}
		for _, part := range []string{"**Means:**", "**Look:**", "**Do:**"} {
			if ok && !strings.Contains(text, part) {
				t.Errorf("docs/operations.md: %s lacks %s", a.Alert, part)
			}
		}
		delete(sections, a.Alert)
	}
	for heading := range sections {
		if strings.HasPrefix(heading, "Lvsdns") {
			t.Errorf("docs/operations.md has a runbook for %s, and there is no such alert", heading)
		}
	}
}

func TestPromtool(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("promtool is not installed: lab/setup.sh installs Debian's package prometheus")
	}
	for _, args := range [][]string{{"check", "rules", "lvsdns.yml"}, {"test", "rules", "lvsdns_test.yml"}} {
		out, err := exec.Command("promtool", args...).CombinedOutput()
		if err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestEachAlertIsTested: promtool says nothing about an alert that no test names. A proof has it
// fire, and has it silent at another time.
func TestEachAlertIsTested(t *testing.T) {
	var file struct {
		Tests []struct {
			Rules []struct {
				Alert string `yaml:"alertname"`
				Fires []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	b, err := os.ReadFile("lvsdns_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	// Three states one after the other: how many alerts fire before, in the middle and at the end.
	rises := map[string]bool{}
	for _, test := range file.Tests {
		var counts []int
		for _, r := range test.Rules {
			counts = append(counts, len(r.Fires))
		}
		for i := 1; i+1 < len(counts); i++ {
			if counts[0] < counts[i] && counts[len(counts)-1] < counts[i] {
				rises[test.Rules[0].Alert] = true
			}
		}
	}
	for _, a := range load(t) {
		if !rises[a.Alert] {
			t.Errorf("lvsdns_test.yml has no test in which %s is silent, fires and is silent again", a.Alert)
		}
	}
}
