// Package promcheck answers one question for tests of alerts and dashboards:
// does this PromQL expression ask for metrics and labels that lvsdns-exporter has?
package promcheck

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// Metrics are the labels of each metric, those included that Prometheus adds to all.
type Metrics map[string]labels

// Load reads the tables of docs/metrics.md, which are made from the exporter's own, and what alerts/lvsdns.yml
// records, in the repository above the working directory.
func Load() (Metrics, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(root, "docs", "metrics.md"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// What Prometheus adds of its own: concepts/jobs_instances and configuration/alerting_rules in its documentation.
	known := Metrics{"up": set("job", "instance"), "ALERTS": set("job", "instance", "alertname", "alertstate")}
	own := len(known)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		// | `name` | type | label, label | meaning |
		cells := strings.Split(lines.Text(), " | ")
		name, isName := strings.CutPrefix(cells[0], "| `")
		if !isName || len(cells) < 4 {
			continue
		}
		has := set("job", "instance")
		for label := range strings.SplitSeq(cells[2], ", ") {
			if label != "none" {
				has[label] = true
			}
		}
		known.add(strings.TrimSuffix(name, "`"), cells[1], has)
	}
	if len(known) == own {
		return nil, fmt.Errorf("%s has no table of metrics", f.Name())
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return known, known.record(filepath.Join(root, "alerts", "lvsdns.yml"))
}

// add adds a metric by the names that its samples have: those of a histogram have others than itself.
func (m Metrics) add(name, kind string, has labels) {
	if kind != "histogram" {
		m[name] = has
		return
	}
	m[name+"_sum"], m[name+"_count"] = has, has
	m[name+"_bucket"] = maps.Clone(has)
	m[name+"_bucket"]["le"] = true
}

// record adds what a file of rules records, in its order: a rule may use those before it.
func (m Metrics) record(file string) error {
	var rules struct {
		Groups []struct {
			Rules []struct{ Record, Expr string }
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(b, &rules); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if r.Record == "" {
				continue
			}
			e, err := parser.ParseExpr(r.Expr)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", file, r.Record, err)
			}
			if m[r.Record], err = m.labels(e); err != nil {
				return fmt.Errorf("%s: %s: %w", file, r.Record, err)
			}
		}
	}
	return nil
}

// Root is the directory of go.mod, at or above the working directory.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod in %s or above", start)
		}
	}
}

// Check parses the expression, holds its metrics and labels against what is known, and reports
// whether a series of its result can have each of the labels wanted.
func (m Metrics) Check(expr string, wanted ...string) error {
	e, err := parser.ParseExpr(expr)
	if err != nil {
		return err
	}
	has, err := m.labels(e)
	if err != nil {
		return err
	}
	return has.hold(wanted, "its result")
}

type labels map[string]bool

func set(names ...string) labels {
	l := make(labels, len(names))
	for _, n := range names {
		l[n] = true
	}
	return l
}

func (l labels) hold(wanted []string, what string) error {
	for _, w := range wanted {
		if !l[w] {
			return fmt.Errorf("%s has no label %q", what, w)
		}
	}
	return nil
}

// labels are those that the result of e can have.
func (m Metrics) labels(e parser.Expr) (labels, error) {
	switch e := e.(type) {
	case *parser.VectorSelector:
		return m.selector(e)
	case *parser.MatrixSelector:
		return m.labels(e.VectorSelector)
	case *parser.SubqueryExpr:
		return m.labels(e.Expr)
	case *parser.ParenExpr:
		return m.labels(e.Expr)
	case *parser.UnaryExpr:
		return m.labels(e.Expr)
	case *parser.StepInvariantExpr:
		return m.labels(e.Expr)
	case *parser.NumberLiteral, *parser.StringLiteral:
		return labels{}, nil
	case *parser.AggregateExpr:
		return m.aggregate(e)
	case *parser.Call:
		all := labels{}
		for _, arg := range e.Args {
			has, err := m.labels(arg)
			if err != nil {
				return nil, err
			}
			maps.Copy(all, has)
		}
		return all, nil
	case *parser.BinaryExpr:
		return m.binary(e)
	default:
		return nil, fmt.Errorf("%s: teach this package what labels a %T has", e, e)
	}
}

func (m Metrics) selector(e *parser.VectorSelector) (labels, error) {
	has, ok := m[e.Name]
	if !ok {
		return nil, fmt.Errorf("docs/metrics.md has no metric %q", e.Name)
	}
	for _, matcher := range e.LabelMatchers {
		if matcher.Name != "__name__" && !has[matcher.Name] {
			return nil, fmt.Errorf("%s has no label %q", e.Name, matcher.Name)
		}
	}
	return has, nil
}

func (m Metrics) aggregate(e *parser.AggregateExpr) (labels, error) {
	inner, err := m.labels(e.Expr)
	if err != nil {
		return nil, err
	}
	if err := inner.hold(e.Grouping, e.Expr.String()); err != nil {
		return nil, err
	}
	switch {
	case e.Op == parser.TOPK || e.Op == parser.BOTTOMK:
		return inner, nil
	case !e.Without:
		return set(e.Grouping...), nil
	default:
		left := maps.Clone(inner)
		for _, gone := range e.Grouping {
			delete(left, gone)
		}
		return left, nil
	}
}

func (m Metrics) binary(e *parser.BinaryExpr) (labels, error) {
	left, err := m.labels(e.LHS)
	if err != nil {
		return nil, err
	}
	right, err := m.labels(e.RHS)
	if err != nil || e.VectorMatching == nil {
		maps.Copy(right, left) // one of the two is a number, and has none
		return right, err
	}
	matching := e.VectorMatching
	for _, side := range []struct {
		has  labels
		expr parser.Expr
	}{{left, e.LHS}, {right, e.RHS}} {
		if err := side.has.hold(matching.MatchingLabels, side.expr.String()); err != nil {
			return nil, err
		}
	}
	result := maps.Clone(left)
	switch {
	case e.Op == parser.LOR:
		maps.Copy(result, right)
	case matching.Card == parser.CardManyToMany: // and, unless
	case matching.Card == parser.CardOneToOne && matching.On:
		return set(matching.MatchingLabels...), nil
	case matching.Card == parser.CardOneToMany:
		result = maps.Clone(right)
	}
	for _, l := range matching.Include {
		result[l] = true
	}
	return result, nil
}
