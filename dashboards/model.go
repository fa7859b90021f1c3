// Package dashboards makes the Grafana dashboards for lvsdns-exporter, as the
// JSON files beside it that operators import.
package dashboards

import "strings"

// Dashboard is what Grafana imports, as far as it is used here. The keys are those of Grafana's
// own schema (kinds/dashboard in its repository, schema version 39: Grafana 10.3 and later).
type Dashboard struct {
	UID           string     `json:"uid"`
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	Tags          []string   `json:"tags"`
	Editable      bool       `json:"editable"`
	GraphTooltip  int        `json:"graphTooltip"` // 1: one crosshair for all panels
	SchemaVersion int        `json:"schemaVersion"`
	Refresh       string     `json:"refresh"`
	Time          TimeRange  `json:"time"`
	Templating    Templating `json:"templating"`
	Panels        []Panel    `json:"panels"`
}

// TimeRange is what is shown at first.
type TimeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Templating holds the variables above the panels.
type Templating struct {
	List []Variable `json:"list"`
}

// Variable is a choice that the reader has.
type Variable struct {
	Name       string      `json:"name"`
	Label      string      `json:"label"`
	Type       string      `json:"type"` // datasource or query
	Query      string      `json:"query"`
	Datasource *Datasource `json:"datasource,omitempty"`
	Refresh    int         `json:"refresh,omitempty"` // 2: when the time range changes
	Sort       int         `json:"sort,omitempty"`    // 1: by name
	Multi      bool        `json:"multi,omitempty"`
	IncludeAll bool        `json:"includeAll,omitempty"`
	AllValue   string      `json:"allValue,omitempty"`
	Current    *Current    `json:"current,omitempty"`
}

// Current is the choice at first.
type Current struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// Datasource is the Prometheus to ask.
type Datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Panel is one picture, or the heading of a row of them.
type Panel struct {
	ID          int          `json:"id"`
	Type        string       `json:"type"`
	Title       string       `json:"title"`
	Description string       `json:"description,omitempty"`
	GridPos     GridPos      `json:"gridPos"`
	Datasource  *Datasource  `json:"datasource,omitempty"`
	Targets     []Target     `json:"targets,omitempty"`
	FieldConfig *FieldConfig `json:"fieldConfig,omitempty"`
	Options     any          `json:"options,omitempty"`
	Transform   []Transform  `json:"transformations,omitempty"`
	Collapsed   *bool        `json:"collapsed,omitempty"` // of rows
	Panels      *[]Panel     `json:"panels,omitempty"`    // of rows that are collapsed
}

// Transform changes results before they are shown.
type Transform struct {
	ID      string `json:"id"`
	Options any    `json:"options"`
}

// GridPos is a place on a grid of 24 columns.
type GridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// Target is one query of a panel.
type Target struct {
	RefID        string     `json:"refId"`
	Datasource   Datasource `json:"datasource"`
	Expr         string     `json:"expr"`
	LegendFormat string     `json:"legendFormat"`
	Instant      bool       `json:"instant"`
	Range        bool       `json:"range"`
	Format       string     `json:"format,omitempty"` // table

	// Sparse queries have no result while all is well.
	Sparse bool `json:"-"`
}

// FieldConfig says how values look.
type FieldConfig struct {
	Defaults  Defaults `json:"defaults"`
	Overrides []any    `json:"overrides"`
}

// Defaults are the looks of all series of a panel.
type Defaults struct {
	Unit       string         `json:"unit,omitempty"`
	Min        *float64       `json:"min,omitempty"`
	Decimals   *int           `json:"decimals,omitempty"`
	NoValue    string         `json:"noValue,omitempty"`
	Color      *Color         `json:"color,omitempty"`
	Custom     map[string]any `json:"custom,omitempty"`
	Thresholds *Thresholds    `json:"thresholds,omitempty"`
	Mappings   []Mapping      `json:"mappings,omitempty"`
}

// Color is how colours are chosen.
type Color struct {
	Mode string `json:"mode"`
}

// Thresholds colour values from their steps on.
type Thresholds struct {
	Mode  string `json:"mode"`
	Steps []Step `json:"steps"`
}

// Step is one colour; the first one has no value and is for all below.
type Step struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"`
}

// Mapping shows words for values.
type Mapping struct {
	Type    string          `json:"type"` // value
	Options map[string]Word `json:"options"`
}

// Word stands for one value.
type Word struct {
	Text  string `json:"text"`
	Color string `json:"color"`
	Index int    `json:"index"`
}

// Query is what a panel asks Prometheus, with all variables filled in as for a
// reader who has chosen nothing.
type Query struct {
	Panel  string
	Expr   string
	Legend string
	Sparse bool // no result is a good result
}

// Queries lists all queries of the dashboard. Rates are taken over interval, such as "1m".
func (d Dashboard) Queries(interval string) []Query {
	variables := []string{"$__rate_interval", interval, "$__range", interval}
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			variables = append(variables, "$"+v.Name, v.AllValue)
		}
	}
	fill := strings.NewReplacer(variables...)
	var all []Query
	for _, p := range d.Panels {
		for _, t := range p.Targets {
			all = append(all, Query{p.Title, fill.Replace(t.Expr), t.LegendFormat, t.Sparse})
		}
	}
	return all
}
