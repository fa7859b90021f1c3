package dashboards

// source is the Prometheus that the reader has chosen.
func source() Datasource { return Datasource{"prometheus", "${datasource}"} }

// ask is a query over time.
func ask(expr, legend string) Target {
	return Target{Datasource: source(), Expr: expr, LegendFormat: legend, Range: true}
}

// sparse marks a query that has no result while all is well.
func sparse(t Target) Target {
	t.Sparse = true
	return t
}

// now is a query for the present.
func now(expr, legend string) Target {
	return Target{Datasource: source(), Expr: expr, LegendFormat: legend, Instant: true}
}

// board places panels one after the other, in rows.
type board struct {
	panels  []Panel
	x, y, h int
}

const columns = 24

func (b *board) add(p Panel, w, h int) {
	if b.x+w > columns {
		b.x, b.y = 0, b.y+b.h
		b.h = 0
	}
	p.ID = len(b.panels) + 1
	p.GridPos = GridPos{H: h, W: w, X: b.x, Y: b.y}
	for i := range p.Targets {
		p.Targets[i].RefID = string(rune('A' + i))
	}
	b.panels = append(b.panels, p)
	b.x, b.h = b.x+w, max(b.h, h)
}

// row begins a section.
func (b *board) row(title string) {
	b.x, b.y, b.h = 0, b.y+b.h, 0
	open := false
	b.add(Panel{Type: "row", Title: title, Collapsed: &open, Panels: &[]Panel{}}, columns, 1)
	b.x, b.y, b.h = 0, b.y+1, 0
}

func panel(kind, title, description string, d Defaults, options any, targets ...Target) Panel {
	s := source()
	return Panel{
		Type: kind, Title: title, Description: description, Datasource: &s, Targets: targets,
		FieldConfig: &FieldConfig{Defaults: d, Overrides: []any{}}, Options: options,
	}
}

// lines is a panel of curves.
func lines(title, unit, description string, targets ...Target) Panel {
	zero := 0.0
	return panel("timeseries", title, description,
		Defaults{
			Unit: unit, Min: &zero, Color: &Color{"palette-classic"},
			Custom: map[string]any{"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "spanNulls": false},
		},
		map[string]any{
			"legend":  map[string]any{"displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": []string{"lastNotNull", "max"}},
			"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
		}, targets...)
}

// steps is a panel of curves that stay until they change.
func steps(title, unit, description string, targets ...Target) Panel {
	p := lines(title, unit, description, targets...)
	p.FieldConfig.Defaults.Custom["lineInterpolation"] = "stepAfter"
	return p
}

// states is a bar for each series, green for 1 and another colour for 0.
func states(title, description, one, zero, zeroColor string, targets ...Target) Panel {
	return panel("state-timeline", title, description,
		Defaults{
			Color:  &Color{"thresholds"},
			Custom: map[string]any{"fillOpacity": 70, "lineWidth": 0},
			Mappings: []Mapping{{"value", map[string]Word{
				"0": {zero, zeroColor, 0},
				"1": {one, "green", 1},
			}}},
		},
		map[string]any{
			"mergeValues": true, "showValue": "never", "rowHeight": 0.8,
			"legend": map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true},
		}, targets...)
}

// number is one large number, green at 0 and bad from 1 on; with no bad colour it is always green.
func number(title, description, bad string, targets ...Target) Panel {
	steps := []Step{{Color: "green"}}
	if bad != "" {
		one := 1.0
		steps = append(steps, Step{bad, &one})
	}
	return panel("stat", title, description,
		Defaults{Color: &Color{"thresholds"}, Thresholds: &Thresholds{"absolute", steps}},
		map[string]any{
			"colorMode": "background", "graphMode": "none", "textMode": "auto",
			"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
		}, targets...)
}

// list is a table of the labels of series, and of their values if value names that column.
func list(title, description, none, value string, target Target) Panel {
	target.Format = "table"
	p := panel("table", title, description, Defaults{NoValue: none}, map[string]any{"showHeader": true, "cellHeight": "sm"}, target)
	hidden := map[string]bool{"Time": true, "__name__": true, "job": true}
	names := map[string]string{}
	if value == "" {
		hidden["Value"] = true
	} else {
		names["Value"] = value
	}
	p.Transform = []Transform{{"organize", map[string]any{"excludeByName": hidden, "renameByName": names}}}
	return p
}
