package exporter

import (
	"context"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/notify"
)

// shareJournal shares what lvsdns-notify has noted: on a host without it that is an empty journal. Without read it is not read.
func shareJournal(t times, read func() (*notify.Document, error)) *shared[notify.Document] {
	if read == nil {
		return nil
	}
	return share(t, func(context.Context) (*notify.Document, error) { return read() })
}

// noted is a journal, and of which servers it says something.
type noted struct {
	*notify.Document
	virtual, real []said
}

// journalSource is the source of what lvsdns-notify has noted. marks knows the families of the firewall marks in it.
func journalSource(journal *shared[notify.Document], marks func(context.Context, *notify.Document) marks) source {
	var get func(context.Context) reading[noted]
	if journal != nil {
		get = func(ctx context.Context) reading[noted] {
			r := journal.get(ctx)
			n := reading[noted]{err: r.err, at: r.at, took: r.took}
			if d := r.value; d != nil && (d.Generation != 0 || d.Discards != 0) { // else there is no journal
				n.value = &noted{Document: d}
				n.value.virtual, n.value.real = saidOf(d, marks(ctx, d))
			}
			return n
		}
	}
	return sourceOf("notify", get,
		each(hookTable(), func(n *noted) []*notify.Document { return []*notify.Document{n.Document} }),
		each(actionTable(), func(n *noted) []*notify.ActionNote { return n.Actions }),
		each(agreementTable(), func(n *noted) []notify.Agreement { return n.Agreements }),
		each(quorumTable(), func(n *noted) []said { return n.virtual }),
		each(eventTable(), func(n *noted) []said { return n.real }),
	)
}

// said is what keepalived has said of a server, of one virtual server.
type said struct {
	*notify.ServerNote
	service ipvs.ServiceKey
}

// saidOf are the virtual servers and the real servers of which keepalived has said something. The name of a group says neither protocol nor
// addresses.
func saidOf(d *notify.Document, known marks) (virtual, real []said) {
	own := marks{}
	for _, n := range d.Servers {
		if n.Virtual.Mark != 0 && n.Real.IsValid() {
			own.add(ipvs.Mark(ipvs.To(n.Real).Family(), n.Virtual.Mark))
		}
	}
	for _, n := range d.Servers {
		to := &virtual
		if n.Real.IsValid() {
			to = &real
		}
		for _, k := range servicesOf(n.Server, known, own) {
			*to = append(*to, said{n, k})
		}
	}
	return virtual, real
}

// servicesOf are the virtual servers that a name of keepalived's lines may mean. Of a firewall mark a line tells no family. It is the family in
// which the mark has a virtual server; of two, that of a real server's address; else the line is about both. Where nobody
// knows the mark any more, its real servers tell.
func servicesOf(n notify.Server, known, own marks) []ipvs.ServiceKey {
	if n.Virtual.Group != "" {
		return nil
	}
	if n.Virtual.Mark == 0 {
		return []ipvs.ServiceKey{ipvs.At(protocols()[n.Virtual.Proto], n.Virtual.Addr)}
	}
	f := known[n.Virtual.Mark]
	if f == (families{}) {
		f = own[n.Virtual.Mark]
	}
	of := f.one()
	switch {
	case of != 0:
	case n.Real.IsValid():
		of = ipvs.To(n.Real).Family()
	case f.both():
		return []ipvs.ServiceKey{ipvs.Mark(ipvs.IPv4, n.Virtual.Mark), ipvs.Mark(ipvs.IPv6, n.Virtual.Mark)}
	}
	return []ipvs.ServiceKey{ipvs.Mark(of, n.Virtual.Mark)}
}

func protocols() map[string]ipvs.Protocol {
	return map[string]ipvs.Protocol{"udp": ipvs.UDP, "tcp": ipvs.TCP, "sctp": ipvs.SCTP}
}

func hookTable() table[*notify.Document] {
	reader := func(value func(*notify.ReaderNote) float64) func(*notify.Document) float64 {
		return func(d *notify.Document) float64 { return value(d.Reader) }
	}
	read := func(d *notify.Document) bool { return d.Reader != nil }
	return one("lvsdns-notify",
		counterRow("lvsdns_notify_events_total", "Events that lvsdns-notify has noted.", func(d *notify.Document) float64 { return float64(d.Generation) }),
		counterRow("lvsdns_notify_late_events_total", "Events that came after a newer one: keepalived's scripts run at the same time.", func(d *notify.Document) float64 { return float64(d.Late) }),
		counterRow("lvsdns_notify_journal_discards_total", "Journals that could not be read and were put aside.", func(d *notify.Document) float64 { return float64(d.Discards) }),
		gaugeRow("lvsdns_notify_journal_timestamp_seconds", "When the journal was last written.", func(d *notify.Document) float64 { return unix(d.Written) }),
		only(read, counterRow("lvsdns_notify_fifo_lines_total", "Lines that the reader of keepalived's FIFOs has understood; absent without a reader.", reader(func(r *notify.ReaderNote) float64 { return float64(r.Lines) }))),
		only(read, counterRow("lvsdns_notify_fifo_garbage_total", "Lines that mean nothing.", reader(func(r *notify.ReaderNote) float64 { return float64(r.Garbage) }))),
		only(read, counterRow("lvsdns_notify_fifo_resyncs_total", "How often the reader may have missed something, and has looked at the host.", reader(func(r *notify.ReaderNote) float64 { return float64(r.Resyncs) }))),
	)
}

func actionTable() table[*notify.ActionNote] {
	return table[*notify.ActionNote]{
		subject: "an action of lvsdns-notify",
		labels:  []string{"kind", "name", "action"},
		values:  func(a *notify.ActionNote) []string { return []string{string(a.Kind), a.Name, a.Action} },
		rows: []row[*notify.ActionNote]{
			counterRow("lvsdns_notify_action_runs_total", "How often it was run.", func(a *notify.ActionNote) float64 { return float64(a.Runs) }),
			counterRow("lvsdns_notify_action_failures_total", "How often it failed or ran out of time.", func(a *notify.ActionNote) float64 { return float64(a.Failures) }),
			gaugeRow("lvsdns_notify_action_success", "1 if it went well the last time.", func(a *notify.ActionNote) float64 { return truth(a.OK) }),
			gaugeRow("lvsdns_notify_action_duration_seconds", "How long it took the last time.", func(a *notify.ActionNote) float64 { return a.Seconds }),
			gaugeRow("lvsdns_notify_action_last_run_timestamp_seconds", "When it was run last.", func(a *notify.ActionNote) float64 { return unix(a.At) }),
		},
	}
}

func agreementTable() table[notify.Agreement] {
	return table[notify.Agreement]{
		subject: "an agreement that lvsdns-notify looks after",
		labels:  []string{"kind", "name"},
		values:  func(a notify.Agreement) []string { return []string{string(a.Kind), a.Name} },
		rows: []row[notify.Agreement]{
			gaugeRow("lvsdns_notify_agrees", "1 if all parts are active where the addresses are, and only there.", func(a notify.Agreement) float64 { return truth(a.Agrees) }),
			seriesRow("lvsdns_notify_part_active", "1 if this part is active on this host.", []string{"part"}, func(a notify.Agreement, emit emit) {
				for _, p := range a.Parts {
					emit(truth(p.Active), p.Name)
				}
			}),
		},
	}
}

// told lists the real servers of which keepalived said last that they have failed. What was put right by looking is not keepalived's word.
func told(d *notify.Document, known marks) []drift.Told {
	var all []drift.Told
	_, real := saidOf(d, known)
	for _, n := range real {
		if !n.Up && n.Source == notify.FIFO && n.service.Family != 0 {
			all = append(all, drift.Told{Service: n.service, Server: ipvs.To(n.Real), At: n.At})
		}
	}
	return all
}

func quorumTable() table[said] {
	return table[said]{
		subject: "a virtual server of which keepalived has told lvsdns-notify",
		labels:  ipvs.LabelNames(),
		values:  func(n said) []string { return n.service.Labels() },
		rows: []row[said]{
			gaugeRow("lvsdns_notify_quorum_up", "1 if it has its quorum: keepalived's last word, put right where the kernel shows it to be wrong.", func(n said) float64 { return truth(n.Up) }),
			counterRow("lvsdns_notify_quorum_changes_total", "How often it has won or lost its quorum.", func(n said) float64 { return float64(n.Changes) }),
		},
	}
}

func eventTable() table[said] {
	return table[said]{
		subject: "a real server of which keepalived has told lvsdns-notify",
		labels:  serverLabelNames(),
		values: func(n said) []string {
			return append(n.service.Labels(), n.Real.Addr().String(), decimal(n.Real.Port()))
		},
		rows: []row[said]{
			gaugeRow("lvsdns_notify_real_server_up", "1 if its checks pass: keepalived's last word, put right where the kernel shows it to be wrong.", func(n said) float64 { return truth(n.Up) }),
			counterRow("lvsdns_notify_real_server_changes_total", "How often it went up or down.", func(n said) float64 { return float64(n.Changes) }),
			gaugeRow("lvsdns_notify_real_server_change_timestamp_seconds", "When it last went up or down.", func(n said) float64 { return unix(n.At) }),
		},
	}
}
