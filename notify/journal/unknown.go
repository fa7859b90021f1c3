package journal

import "github.com/lvsdns/lvsdns/notify"

// Unknown is what [notify.Configured.Unknown] says of an event, by what the journal has of keepalived.conf. Without an event, and where the
// journal cannot be read, nothing is said.
func (j *Journal) Unknown(e *notify.Event) string {
	if e == nil {
		return ""
	}
	d, err := j.Read()
	if err != nil {
		return ""
	}
	return d.Configured.Unknown(*e)
}
