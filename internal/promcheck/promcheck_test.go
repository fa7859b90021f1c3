package promcheck

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	known := Metrics{
		"up":     set("job", "instance"),
		"weight": set("job", "instance", "vip", "rip"),
		"info":   set("job", "instance", "vip", "scheduler"),
	}
	for _, tt := range []struct {
		name, expr string
		wanted     []string
		wantErr    string // empty: none
	}{
		{name: "a metric with its labels", expr: `weight{vip="192.0.2.1"} == 0`, wanted: []string{"rip", "instance"}},
		{name: "not PromQL", expr: `weight{`, wantErr: "parse error"},
		{name: "no such metric", expr: `wieght > 0`, wantErr: `no metric "wieght"`},
		{name: "no such label in a matcher", expr: `weight{rs="x"}`, wantErr: `weight has no label "rs"`},
		{name: "no such label to sum by", expr: `sum by (rs) (weight)`, wantErr: `no label "rs"`},
		{name: "no such label to match on", expr: `weight * on (rip) group_left (scheduler) info`, wantErr: `info has no label "rip"`},
		{name: "deep inside", expr: `topk(3, rate(wieght[5m]))`, wantErr: `no metric "wieght"`},
		{name: "a sum keeps what it sums by", expr: `sum by (vip) (weight)`, wanted: []string{"vip"}},
		{name: "a sum drops the rest", expr: `sum by (vip) (weight)`, wanted: []string{"rip"}, wantErr: `its result has no label "rip"`},
		{name: "without drops its own", expr: `sum without (rip) (weight)`, wanted: []string{"vip", "rip"}, wantErr: `"rip"`},
		{name: "topk keeps all", expr: `topk by (vip) (1, weight)`, wanted: []string{"rip"}},
		{name: "a label is joined in", expr: `weight * on (instance, vip) group_left (scheduler) info`, wanted: []string{"rip", "scheduler"}},
		{
			name: "one to one leaves what matches", expr: `sum by (vip) (weight) / on (vip) info`,
			wanted: []string{"scheduler"}, wantErr: `"scheduler"`,
		},
		{name: "unless keeps the left side", expr: `weight unless on (job) (up == 0)`, wanted: []string{"rip"}},
		{name: "or has both", expr: `up or weight`, wanted: []string{"rip"}},
		{name: "a number on the left", expr: `time() - weight`, wanted: []string{"rip"}},
		{name: "a subquery", expr: `max_over_time((weight > 1)[5m:1m])`, wanted: []string{"rip"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := known.Check(tt.expr, tt.wanted...)
			switch {
			case tt.wantErr == "" && err != nil:
				t.Errorf("Check(%s) = %v, want none", tt.expr, err)
			case tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)):
				t.Errorf("Check(%s) = %v, want %s", tt.expr, err, tt.wantErr)
			}
		})
	}
}
