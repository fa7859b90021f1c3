package capture

// Reason is why numbers may be too small or missing.
type Reason string

// The reasons. The set is closed: its values are those of a label.
const (
	NotListening   Reason = "not_listening"   // no card could be opened, or not all of them
	XDPAttached    Reason = "xdp_attached"    // a program sees packets before the capture does and may take them, as AF_XDP name servers do
	NoResponses    Reason = "dr_no_response"  // direct routing and tunnels: responses do not pass a director
	NoServices     Reason = "no_services"     // there is no virtual server for DNS
	Stacked        Reason = "stacked"         // two of the cards that were asked for see the same packets
	WrongInterface Reason = "wrong_interface" // IPVS counts packets that the capture does not see
	Marks          Reason = "fwmark"          // virtual servers known by a firewall mark: their addresses are not in the table
)

// Reasons lists them.
func Reasons() []Reason {
	return []Reason{NotListening, XDPAttached, NoResponses, NoServices, Stacked, WrongInterface, Marks}
}

// blind lists the reasons that cards and view give.
func (c *Capture) blind() (all []Reason) {
	listening, xdp := 0, false
	var chosen []Link
	for _, d := range c.cards {
		chosen = append(chosen, d.Link)
		if d.ring != nil {
			listening++
		}
		xdp = xdp || d.XDP != NoXDP
	}
	if listening == 0 || listening < len(c.cards) || c.failure != nil {
		all = append(all, NotListening)
	}
	if xdp {
		all = append(all, XDPAttached)
	}
	if c.view.Bypassed() {
		all = append(all, NoResponses)
	}
	if len(c.view.Services) == 0 {
		all = append(all, NoServices)
	}
	if len(DoubleCounting(chosen)) > 0 {
		all = append(all, Stacked)
	}
	return all
}
