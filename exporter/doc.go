// Package exporter answers one question: what do IPVS, keepalived and the
// checks say right now, as metrics, as JSON and as a page?
//
// It only observes. An [Exporter] is made of sources; each is read when somebody
// asks, under its own deadline and once at a time however many ask, and what
// one reader got is good for the others for a while. A source that fails, hangs
// or is absent costs its own series and nothing else, and lvsdns_source_up and
// lvsdns_source_failure say so.
//
// A subject has a package below internal/: how it is read, its tables, and what
// the state shows of it. The list in sources.go has them all, and the page, the
// documentation and the parameters of /metrics are made from the list. Below the
// subjects is internal/source, which shares readings, and below that
// internal/metric: a table writes its lines straight into the page, for a director
// has a hundred thousand series, and to build, check, sort and encode a value for
// each costs more than the kernel spends to tell them. What a registry would check,
// tests do.
//
// It is the wiring of lvsdns-exporter and no library: docs/decisions/ has why.
package exporter
