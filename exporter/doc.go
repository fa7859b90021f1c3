// Package exporter answers one question: what do IPVS, keepalived and the
// checks say right now, as metrics, as JSON and as a page?
//
// It only observes. A [Exporter] is made of sources; each is read when somebody
// asks, under its own deadline and once at a time however many ask, and what
// one reader got is good for the others for a while. A source that fails, hangs
// or is absent costs its own series and nothing else, and lvsdns_source_up and
// lvsdns_source_failure say so.
//
// Metrics are rows of tables (files named *_rows.go): name, help, type, labels
// and the function that takes the value out of what was read. A table writes its
// lines straight into the page: a director has a hundred thousand series, and
// to build, check, sort and encode a value for each costs more than the kernel
// spends to tell them. What a registry would check, tests do.
package exporter
