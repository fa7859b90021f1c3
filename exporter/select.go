package exporter

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
)

// selection is the part of /metrics that somebody asks for; nil is all. What the exporter says of itself is there whatever the sources are.
type selection struct {
	sources map[string]bool // collect[]=, as node_exporter has it
	names   map[string]bool // name[]=, names of metrics
}

func (s selection) source(name string) bool { return s.sources == nil || s.sources[name] }

func (s selection) metric(name string) bool { return s.names == nil || s.names[name] }

// selected reads the parameters of a request. What it does not know it refuses: a page that has all, or nothing, would look like an answer.
func (e *Exporter) selected(query url.Values) (selection, error) {
	var s selection
	for _, key := range slices.Sorted(maps.Keys(query)) {
		switch key {
		case "collect[]":
			s.sources = map[string]bool{}
			for _, name := range query[key] {
				if !slices.ContainsFunc(e.sources, func(x source.Source) bool { return x.Name == name }) {
					return s, fmt.Errorf("collect[]=%.80s: no such source; want one of %s", name, e.sourceNames())
				}
				s.sources[name] = true
			}
		case "name[]":
			s.names = map[string]bool{}
			for _, name := range query[key] {
				if !e.serves(name) {
					return s, fmt.Errorf("name[]=%.80s: no such metric; want a name that stands in /metrics, or may, such as lvsdns_ipvs_real_server_weight", name)
				}
				s.names[name] = true
			}
		default:
			return s, fmt.Errorf("%.80s: no such parameter; want collect[]=SOURCE or name[]=METRIC, each as often as you like", key)
		}
	}
	return s, nil
}

func (e *Exporter) sourceNames() string {
	var all []string
	for _, s := range e.sources {
		all = append(all, s.Name)
	}
	return strings.Join(all, ", ")
}

// serves reports whether there may be a metric of this name.
func (e *Exporter) serves(name string) bool {
	if slices.ContainsFunc(e.catalogue(), func(d metric.Described) bool { return d.Name == name }) {
		return true
	}
	own, _ := e.process.Gather() // What could be gathered is what could be served.
	for _, f := range own {
		if f.GetName() == name {
			return true
		}
	}
	return false
}
