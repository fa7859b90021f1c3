// Package hook answers one question: what has lvsdns-notify noted of its events, its actions, and the servers of which keepalived has told it?
package hook

import (
	"context"

	"github.com/lvsdns/lvsdns/exporter/internal/metric"
	"github.com/lvsdns/lvsdns/exporter/internal/servers"
	"github.com/lvsdns/lvsdns/exporter/internal/source"
	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/notify"
)

// Share shares what lvsdns-notify has noted: on a host without it that is an empty journal. Without read it is not read.
func Share(t source.Times, read func() (*notify.Document, error)) *source.Shared[notify.Document] {
	if read == nil {
		return nil
	}
	return source.Share(t, func(context.Context) (*notify.Document, error) { return read() })
}

// noted is a journal, and of which servers it says something.
type noted struct {
	*notify.Document
	virtual, real []said
}

// Source is the source of what lvsdns-notify has noted. marks knows the families of the firewall marks in it.
func Source(journal *source.Shared[notify.Document], marks func(context.Context, *notify.Document) servers.Marks) source.Source {
	var get func(context.Context) source.Reading[noted]
	if journal != nil {
		get = func(ctx context.Context) source.Reading[noted] {
			r := journal.Get(ctx)
			n := source.Reading[noted]{Err: r.Err, At: r.At, Took: r.Took}
			if d := r.Value; d != nil && (d.Generation != 0 || d.Discards != 0) { // else there is no journal
				n.Value = &noted{Document: d}
				n.Value.virtual, n.Value.real = saidOf(d, marks(ctx, d))
			}
			return n
		}
	}
	return source.Of("notify", get,
		metric.Each(hookTable(), func(n *noted) []*notify.Document { return []*notify.Document{n.Document} }),
		metric.Each(actionTable(), func(n *noted) []*notify.ActionNote { return n.Actions }),
		metric.Each(agreementTable(), func(n *noted) []notify.Agreement { return n.Agreements }),
		metric.Each(quorumTable(), func(n *noted) []said { return n.virtual }),
		metric.Each(eventTable(), func(n *noted) []said { return n.real }),
	)
}

// said is what keepalived has said of a server, of one virtual server.
type said struct {
	*notify.ServerNote
	service ipvs.ServiceKey
}

// saidOf are the virtual servers and the real servers of which keepalived has said something. The name of a group says neither protocol nor
// addresses.
func saidOf(d *notify.Document, known servers.Marks) (virtual, real []said) {
	own := servers.Marks{}
	for _, n := range d.Servers {
		if n.Virtual.Mark != 0 && n.Real.IsValid() {
			own.Add(ipvs.Mark(ipvs.To(n.Real).Family(), n.Virtual.Mark))
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
func servicesOf(n notify.Server, known, own servers.Marks) []ipvs.ServiceKey {
	if n.Virtual.Group != "" {
		return nil
	}
	if n.Virtual.Mark == 0 {
		return []ipvs.ServiceKey{ipvs.At(protocols()[n.Virtual.Proto], n.Virtual.Addr)}
	}
	f := known[n.Virtual.Mark]
	if f == (servers.Families{}) {
		f = own[n.Virtual.Mark]
	}
	of := f.One()
	switch {
	case of != 0:
	case n.Real.IsValid():
		of = ipvs.To(n.Real).Family()
	case f.Both():
		return []ipvs.ServiceKey{ipvs.Mark(ipvs.IPv4, n.Virtual.Mark), ipvs.Mark(ipvs.IPv6, n.Virtual.Mark)}
	}
	return []ipvs.ServiceKey{ipvs.Mark(of, n.Virtual.Mark)}
}

func protocols() map[string]ipvs.Protocol {
	return map[string]ipvs.Protocol{"udp": ipvs.UDP, "tcp": ipvs.TCP, "sctp": ipvs.SCTP}
}

func hookTable() metric.Table[*notify.Document] {
	reader := func(value func(*notify.ReaderNote) float64) func(*notify.Document) float64 {
		return func(d *notify.Document) float64 { return value(d.Reader) }
	}
	read := func(d *notify.Document) bool { return d.Reader != nil }
	return metric.One("lvsdns-notify",
		metric.Counter("lvsdns_notify_events_total", "Events that lvsdns-notify has noted.", func(d *notify.Document) float64 { return float64(d.Generation) }),
		metric.Counter("lvsdns_notify_late_events_total", "Events that came after a newer one: keepalived's scripts run at the same time.", func(d *notify.Document) float64 { return float64(d.Late) }),
		metric.Counter("lvsdns_notify_journal_discards_total", "Journals that could not be read and were put aside.", func(d *notify.Document) float64 { return float64(d.Discards) }),
		metric.Gauge("lvsdns_notify_journal_timestamp_seconds", "When the journal was last written.", func(d *notify.Document) float64 { return metric.Unix(d.Written) }),
		metric.Only(read, metric.Counter("lvsdns_notify_fifo_lines_total", "Lines that the reader of keepalived's FIFOs has understood; absent without a reader.", reader(func(r *notify.ReaderNote) float64 { return float64(r.Lines) }))),
		metric.Only(read, metric.Counter("lvsdns_notify_fifo_garbage_total", "Lines that mean nothing.", reader(func(r *notify.ReaderNote) float64 { return float64(r.Garbage) }))),
		metric.Only(read, metric.Counter("lvsdns_notify_fifo_resyncs_total", "How often the reader may have missed something, and has looked at the host.", reader(func(r *notify.ReaderNote) float64 { return float64(r.Resyncs) }))),
	)
}

func actionTable() metric.Table[*notify.ActionNote] {
	return metric.Table[*notify.ActionNote]{
		Subject: "an action of lvsdns-notify",
		Labels:  []string{"kind", "name", "action"},
		Values:  func(a *notify.ActionNote) []string { return []string{string(a.Kind), a.Name, a.Action} },
		Rows: []metric.Row[*notify.ActionNote]{
			metric.Counter("lvsdns_notify_action_runs_total", "How often it was run.", func(a *notify.ActionNote) float64 { return float64(a.Runs) }),
			metric.Counter("lvsdns_notify_action_failures_total", "How often it failed or ran out of time.", func(a *notify.ActionNote) float64 { return float64(a.Failures) }),
			metric.Gauge("lvsdns_notify_action_success", "1 if it went well the last time.", func(a *notify.ActionNote) float64 { return metric.Truth(a.OK) }),
			metric.Gauge("lvsdns_notify_action_duration_seconds", "How long it took the last time.", func(a *notify.ActionNote) float64 { return a.Seconds }),
			metric.Gauge("lvsdns_notify_action_last_run_timestamp_seconds", "When it was run last.", func(a *notify.ActionNote) float64 { return metric.Unix(a.At) }),
		},
	}
}

func agreementTable() metric.Table[notify.Agreement] {
	return metric.Table[notify.Agreement]{
		Subject: "an agreement that lvsdns-notify looks after",
		Labels:  []string{"kind", "name"},
		Values:  func(a notify.Agreement) []string { return []string{string(a.Kind), a.Name} },
		Rows: []metric.Row[notify.Agreement]{
			metric.Gauge("lvsdns_notify_agrees", "1 if all parts are active where the addresses are, and only there.", func(a notify.Agreement) float64 { return metric.Truth(a.Agrees) }),
			metric.Series("lvsdns_notify_part_active", "1 if this part is active on this host.", []string{"part"}, func(a notify.Agreement, emit metric.Emit) {
				for _, p := range a.Parts {
					emit(metric.Truth(p.Active), p.Name)
				}
			}),
		},
	}
}

// Told lists the real servers of which keepalived said last that they have failed. What was put right by looking is not keepalived's word.
func Told(d *notify.Document, known servers.Marks) []drift.Told {
	var all []drift.Told
	_, real := saidOf(d, known)
	for _, n := range real {
		if !n.Up && n.Source == notify.FIFO && n.service.Family != 0 {
			all = append(all, drift.Told{Service: n.service, Server: ipvs.To(n.Real), At: n.At})
		}
	}
	return all
}

func quorumTable() metric.Table[said] {
	return metric.Table[said]{
		Subject: "a virtual server of which keepalived has told lvsdns-notify",
		Labels:  ipvs.LabelNames(),
		Values:  func(n said) []string { return n.service.Labels() },
		Rows: []metric.Row[said]{
			metric.Gauge("lvsdns_notify_quorum_up", "1 if it has its quorum: keepalived's last word, put right where the kernel shows it to be wrong.", func(n said) float64 { return metric.Truth(n.Up) }),
			metric.Counter("lvsdns_notify_quorum_changes_total", "How often it has won or lost its quorum.", func(n said) float64 { return float64(n.Changes) }),
		},
	}
}

func eventTable() metric.Table[said] {
	return metric.Table[said]{
		Subject: "a real server of which keepalived has told lvsdns-notify",
		Labels:  metric.ServerLabelNames(),
		Values: func(n said) []string {
			return append(n.service.Labels(), n.Real.Addr().String(), metric.Decimal(n.Real.Port()))
		},
		Rows: []metric.Row[said]{
			metric.Gauge("lvsdns_notify_real_server_up", "1 if its checks pass: keepalived's last word, put right where the kernel shows it to be wrong.", func(n said) float64 { return metric.Truth(n.Up) }),
			metric.Counter("lvsdns_notify_real_server_changes_total", "How often it went up or down.", func(n said) float64 { return float64(n.Changes) }),
			metric.Gauge("lvsdns_notify_real_server_change_timestamp_seconds", "When it last went up or down.", func(n said) float64 { return metric.Unix(n.At) }),
		},
	}
}
