package notify

import (
	"slices"
	"strconv"
)

// Unknown says, in one line, that keepalived.conf does not have the instance or group of an event: a name that was mistyped, or a
// configuration that is not keepalived's. Empty: it has, or nobody can say. One that a reload of keepalived has dropped goes to deleted,
// stop or fault, and is no mistake.
func (c *Configured) Unknown(e Event) string {
	if c == nil || len(c.Instances)+len(c.Groups) == 0 || e.State != Master && e.State != Backup {
		return ""
	}
	other := e.Subject
	switch {
	case e.Kind == Host || c.has(e.Subject):
		return ""
	case e.Kind == Instance:
		other.Kind = Group
	default:
		other.Kind = Instance
	}
	text := string(e.Kind) + " " + strconv.Quote(e.Name) + " is not in " + c.File
	if c.has(other) {
		text += ", which has a " + string(other.Kind) + " of that name"
	}
	forget := "deleted " + strconv.Quote(e.Name)
	if e.Kind == Group {
		forget = "GROUP " + strconv.Quote(e.Name) + " DELETED 0"
	}
	return text + "; the event is noted, and only rules for every instance apply. To drop it from show an hour later: lvsdns-notify " + forget
}

func (c *Configured) has(s Subject) bool {
	if s.Kind == Group {
		return slices.ContainsFunc(c.Groups, func(g Grouping) bool { return g.Name == s.Name })
	}
	return slices.ContainsFunc(c.Instances, func(o Owner) bool { return o.Name == s.Name })
}
