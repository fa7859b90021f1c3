package exporter

import (
	"errors"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/notify"
)

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
