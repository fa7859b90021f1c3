package guard

import (
	"fmt"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// Foreign compares the table that we left with the one that is there now, as far as it is ours, and says what
// somebody else has written; empty: nothing. IPVS tells nobody of a write, so this is what there is.
func Foreign(names plan.Names, left, now ipvs.Table) string {
	index := make(map[ipvs.ServiceKey]*ipvs.TableEntry, len(now.Entries))
	for i := range now.Entries {
		index[now.Entries[i].Service.ServiceKey] = &now.Entries[i]
	}
	for i := range left.Entries {
		was := &left.Entries[i]
		k := was.Service.ServiceKey
		if _, ours := names[k]; !ours || was.Gone {
			continue
		}
		is := index[k]
		delete(index, k)
		if is == nil || is.Gone {
			return fmt.Sprintf("%s was removed", k)
		}
		if what := changed(was, is); what != "" {
			return fmt.Sprintf("%s: %s", k, what)
		}
	}
	for k, e := range index {
		if _, ours := names[k]; ours && !e.Gone {
			return fmt.Sprintf("%s was added", k)
		}
	}
	return ""
}

// changed compares two looks at one service. Both are sorted.
func changed(was, is *ipvs.TableEntry) string {
	a, b := was.Service, is.Service
	a.Stats, b.Stats = ipvs.Stats{}, ipvs.Stats{}
	a.Flags, b.Flags = a.Flags.Settings(), b.Flags.Settings()
	if a != b {
		return "its settings were changed"
	}
	there := make(map[ipvs.DestinationKey]*ipvs.Destination, len(is.Destinations))
	for i := range is.Destinations {
		there[is.Destinations[i].DestinationKey] = &is.Destinations[i]
	}
	for i := range was.Destinations {
		d := &was.Destinations[i]
		n := there[d.DestinationKey]
		switch {
		case n == nil:
			return fmt.Sprintf("real server %s was removed", d.DestinationKey)
		case n.Forward != d.Forward || n.Weight != d.Weight || n.Tunnel != d.Tunnel || n.UpperThreshold != d.UpperThreshold || n.LowerThreshold != d.LowerThreshold:
			return fmt.Sprintf("real server %s was changed", d.DestinationKey)
		}
		delete(there, d.DestinationKey)
	}
	for k := range there {
		return fmt.Sprintf("real server %s was added", k)
	}
	return ""
}
