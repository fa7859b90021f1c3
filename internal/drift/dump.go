package drift

import "fmt"

// dump finds what is wrong with keepalived's state dump.
func (c *comparison) dump() {
	if c.Absent != nil {
		c.add(Difference{
			Kind: BeliefAbsent,
			Text: fmt.Sprintf("keepalived has not written its state dump (%v): its checker process hangs or has ended, or keepalived does not run, and nothing takes out a real server that fails; what rests on the dump is not compared", c.Absent),
			Mend: "look at it: ps -C keepalived -o pid,ppid,stat,args; one in state T goes on with kill -CONT, else restart keepalived",
		})
	}
	if c.Belief == nil {
		return
	}
	if len(c.Belief.VirtualServers) == 0 {
		c.emptyDump()
		return
	}
	for _, n := range c.Belief.Notes {
		c.add(Difference{Kind: BeliefUnread, Text: fmt.Sprintf("keepalived's state dump, line %d: %s", n.Line, n.Text), Mend: "nothing on the director: this keepalived writes what lvsdns does not know; please report it"})
	}
}
