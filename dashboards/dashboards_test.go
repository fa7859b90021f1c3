package dashboards

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/promcheck"
)

var update = flag.Bool("update", false, "write the JSON files")

func TestOverviewFileIsCurrent(t *testing.T) {
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(Overview()); err != nil {
		t.Fatal(err)
	}
	const file = "overview.json"
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what overview.go makes: go test ./dashboards -update", file)
	}
}

// TestQueriesKnowTheirMetrics parses each query, and holds metrics, labels and legends against docs/metrics.md.
func TestQueriesKnowTheirMetrics(t *testing.T) {
	metrics, err := promcheck.Load()
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`\{\{(\w+)\}\}`)
	for _, q := range Overview().Queries("1m") {
		var wanted []string
		for _, m := range used.FindAllStringSubmatch(q.Legend, -1) {
			wanted = append(wanted, m[1])
		}
		if err := metrics.Check(q.Expr, wanted...); err != nil {
			t.Errorf("panel %q: %v\n%s", q.Panel, err, q.Expr)
		}
	}
}

// TestVariables: what label_values asks for is there as well.
func TestVariables(t *testing.T) {
	metrics, err := promcheck.Load()
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)
	for _, v := range Overview().Templating.List {
		if v.Type != "query" {
			continue
		}
		m := form.FindStringSubmatch(v.Query)
		if m == nil {
			t.Errorf("variable %s: %s is no label_values(METRIC, LABEL)", v.Name, v.Query)
			continue
		}
		if err := metrics.Check(m[1], m[2]); err != nil {
			t.Errorf("variable %s: %v", v.Name, err)
		}
	}
}

// TestEveryAlertIsShown: whoever is woken by a metric finds it on the dashboard.
func TestEveryAlertIsShown(t *testing.T) {
	metrics, err := promcheck.Load()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("../alerts/lvsdns.yml")
	if err != nil {
		t.Fatal(err)
	}
	var asked strings.Builder
	for _, q := range Overview().Queries("1m") {
		asked.WriteString(q.Expr + "\n")
	}
	alerting := 0
	for name := range metrics {
		word := regexp.MustCompile(`\b` + name + `\b`)
		if !word.Match(rules) {
			continue
		}
		alerting++
		if !word.MatchString(asked.String()) {
			t.Errorf("no panel shows %s", name)
		}
	}
	if alerting < 20 {
		t.Errorf("only %d metrics in the alerts", alerting)
	}
}

// TestImport holds what Grafana needs to import the file on any installation: each panel and query asks the Prometheus that
// the reader chooses, and is called by a name of its own.
func TestImport(t *testing.T) {
	ids, variables := map[int]bool{}, map[string]bool{}
	for _, v := range Overview().Templating.List {
		variables[v.Name] = true
	}
	if !variables["datasource"] {
		t.Error("there is no variable called datasource")
	}
	used := regexp.MustCompile(`\$\{?(\w+)`)
	for _, p := range Overview().Panels {
		if p.ID < 1 || ids[p.ID] {
			t.Errorf("panel %q has ID %d, which is none or another's", p.Title, p.ID)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			if len(p.Targets) > 0 || p.Datasource != nil || p.Panels == nil {
				t.Errorf("row %q is none", p.Title)
			}
			continue
		}
		if p.Datasource == nil || *p.Datasource != source() || len(p.Targets) == 0 {
			t.Errorf("panel %q asks %+v %d queries", p.Title, p.Datasource, len(p.Targets))
		}
		refs := map[string]bool{}
		for _, q := range p.Targets {
			if q.Datasource != source() || q.RefID == "" || refs[q.RefID] || q.Instant == q.Range ||
				q.Instant != (p.Type == "stat" || p.Type == "table") {
				t.Errorf("panel %q: query %+v", p.Title, q)
			}
			refs[q.RefID] = true
			for _, m := range used.FindAllStringSubmatch(q.Expr, -1) {
				if !variables[m[1]] && m[1] != "__rate_interval" {
					t.Errorf("panel %q: there is no variable $%s", p.Title, m[1])
				}
			}
		}
	}
}

func TestLayout(t *testing.T) {
	var all []Panel
	titles := map[string]bool{}
	for _, p := range Overview().Panels {
		g := p.GridPos
		if g.X < 0 || g.X+g.W > columns || g.W < 1 || g.H < 1 {
			t.Errorf("panel %q is not on the grid: %+v", p.Title, g)
		}
		if titles[p.Title] {
			t.Errorf("two panels are called %q", p.Title)
		}
		titles[p.Title] = true
		for _, o := range all {
			h := o.GridPos
			if g.X < h.X+h.W && h.X < g.X+g.W && g.Y < h.Y+h.H && h.Y < g.Y+g.H {
				t.Errorf("panels %q and %q overlap", o.Title, p.Title)
			}
		}
		all = append(all, p)
	}
}
