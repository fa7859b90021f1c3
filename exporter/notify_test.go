package exporter

import (
	"errors"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/notify"
)

// TestJournaled has what the addresses tell, what keepalived has said, and what is shown.
func TestJournaled(t *testing.T) {
	for _, tt := range []struct {
		addresses VRRPState
		said      notify.State
		want      VRRPState
		mismatch  bool
	}{
		{Master, notify.Master, Master, false},
		{Master, notify.Backup, Master, true},
		{Master, notify.Fault, Master, true},
		{Master, notify.Stop, Master, true},
		{Backup, notify.Master, Backup, true},
		{Backup, notify.Backup, Backup, false},
		{Backup, notify.Fault, Fault, false},
		{Backup, notify.Stop, Stopped, false},
		{Backup, notify.Deleted, Deleted, false},
		{Partial, notify.Master, Partial, true},
		{Partial, notify.Backup, Partial, false},
		{Unknown, notify.Master, Master, false},
		{Unknown, notify.Fault, Fault, false},
		{Master, "", Master, false},
		{Backup, "", Backup, false},
	} {
		d := &notify.Document{}
		s := notify.Subject{Kind: notify.Instance, Name: "V"}
		if tt.said != "" {
			d.Add(notify.Event{Subject: s, State: tt.said})
		}
		got := journaled([]VRRP{{Kind: "instance", Name: "V", State: tt.addresses}}, d)
		if len(got) != 1 || got[0].State != tt.want || got[0].Mismatch != tt.mismatch || heard(got[0]) != (tt.said != "") {
			t.Errorf("addresses %s, keepalived says %q: %+v", tt.addresses, tt.said, got)
		}
	}
}

// TestNoJournal is a host without lvsdns-notify, and one whose journal can't be read: what is known by addresses is shown.
func TestNoJournal(t *testing.T) {
	for _, tt := range []struct {
		read func() (*notify.Document, error)
		up   string
	}{
		{nil, ""},
		{func() (*notify.Document, error) { return &notify.Document{}, nil }, `lvsdns_source_up{source="notify"} 1`},
		{func() (*notify.Document, error) { return nil, errors.New("torn") }, `lvsdns_source_up{source="notify"} 0`},
	} {
		r := newRig(t, func(c *Config) { c.Journal = tt.read })
		text := r.page(t, "")
		for _, never := range []string{"lvsdns_notify_", "lvsdns_vrrp_transitions", "lvsdns_vrrp_owner"} {
			if strings.Contains(text, never) {
				t.Errorf("%s is there", never)
			}
		}
		if !strings.Contains(text, `lvsdns_vrrp_state{kind="instance",name="HTTP",state="backup"} 1`) || !strings.Contains(text, tt.up) ||
			tt.up == "" && strings.Contains(text, `source="notify"`) {
			t.Errorf("want %q in\n%s", tt.up, text)
		}
	}
}
