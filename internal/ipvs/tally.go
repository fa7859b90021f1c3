package ipvs

import "net/netip"

// Tally is the connection table, counted: how many entries lead from which virtual address to which real server. It
// holds no client, so its size depends on the servers and not on the traffic. The zero Tally is empty.
type Tally struct {
	Entries int
	flows   map[flow]int
}

// flow is what entries are counted by.
type flow struct {
	protocol             Protocol
	family               Family // of the client, and of the virtual server
	virtual, destination netip.AddrPort
	state                string
}

// maxFlows bounds a Tally. Where a service with a firewall mark takes whole networks, it is clients who choose the virtual address.
const maxFlows = 1 << 16

// StateTemplate is the state of an entry that remembers the real server of a persistent client. No packet belongs to it: each new
// port of the client gets an entry of its own, to that server.
const StateTemplate = "TEMPLATE"

// Add counts an entry. It allocates when it meets a way from virtual to real server for the first time.
func (t *Tally) Add(c Connection) {
	t.Entries++
	if t.flows == nil {
		t.flows = map[flow]int{}
	}
	f := flow{c.Protocol, familyOf(c.Client.Addr()), c.Virtual, c.Destination, c.State}
	if c.Template() {
		// The state of a template has had several names: that of a connection's first state, NONE, ASSURED.
		f.state = StateTemplate
	}
	if _, known := t.flows[f]; !known && len(t.flows) >= maxFlows {
		f.virtual = netip.AddrPort{}
	}
	t.flows[f]++
}

// Held is what the connection table holds of one virtual server.
type Held struct {
	// Service is a virtual server of the table, or one that was in it. Without an address and a mark it stands for all
	// entries of its family and protocol of which the kernel does not tell whose they are.
	Service ServiceKey
	States  map[string]int // entries by state

	// Of the entries, templates not counted: those to a real server that takes new clients, to one with weight 0 and to one that
	// is not in the table. What bypasses all real servers is live.
	Live, Drained, Missing int

	// Bound are templates that keep their clients with a real server of weight 0, from every new port. With sysctl
	// net.ipv4.vs.expire_quiescent_template set they keep nobody.
	Bound int
}

// Attribute says whose the entries are, and where they lead. An entry does not tell its firewall mark, so this is
// sometimes a guess, and then in favour of the entry: it is orphaned only if no virtual server that it can
// belong to has its real server. gone are virtual servers that were in the table earlier.
func (t *Tally) Attribute(table Table, gone map[ServiceKey]bool) []Held {
	index := newIndex(table)
	at := map[ServiceKey]int{}
	var all []Held
	for f, n := range t.flows {
		key, to := index.place(f, gone)
		i, known := at[key]
		if !known {
			i = len(all)
			at[key] = i
			all = append(all, Held{Service: key, States: map[string]int{}})
		}
		h := &all[i]
		h.States[f.state] += n
		switch {
		case f.state == StateTemplate:
			// The kernel gives a client whose template leads to a server that is gone another one (ip_vs_check_template).
			if index.bound(f) {
				h.Bound += n
			}
		case to == live:
			h.Live += n
		case to == drained:
			h.Drained += n
		default:
			h.Missing += n
		}
	}
	all, _ = unique(all, func(a, b Held) int { return a.Service.compare(b.Service) })
	return all
}
