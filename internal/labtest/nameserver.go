package labtest

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Software names a name server program.
type Software string

// The name servers that Debian has.
const (
	NSD      Software = "nsd"
	BIND     Software = "named"
	Unbound  Software = "unbound"
	Knot     Software = "knotd"
	Recursor Software = "pdns_recursor"
)

// Fault is what a broken server answers for its own zone.
type Fault string

// The two ways to break a server that goes on answering.
const (
	Servfail Fault = "SERVFAIL"
	Refused  Fault = "REFUSED"
)

// NameServer is a real name server program on a real server.
type NameServer struct {
	Software Software
	host     *Host
	setup    setup
	proc     *Process
	noTCP    bool   // tcp/53 is closed
	relay    *relay // holds UDP answers back; nil before the first Slow
}

// setup is what a configuration is written from. Every zone is in one of the
// three lists.
type setup struct {
	dir      string
	listen   []netip.Addr
	good     []string // served from the zone file
	servfail []string // answered with SERVFAIL
	refused  []string // answered with REFUSED
	split    Split
	dnstap   string // where it tells of its messages; empty: nowhere
	closed   bool   // only the host's own addresses are answered
}

// server is how to run one name server.
type server struct {
	files map[string]string // by name, below the server's directory
	args  []string
}

// Config is what can be chosen about a name server.
type Config struct {
	Software Software

	// Listen is where the server listens; by default on the host's own addresses and its
	// VIPs. They are explicit because a server on the wildcard address answers a query
	// for the VIP from its own address, and the client drops that.
	Listen []string

	// Split gives some clients another view; by default there is one for all.
	Split Split

	// Dnstap is the path of the socket to which the server tells of its queries and responses; by default
	// it does not. The one who listens must be there before: libfstrm tries again every five seconds only.
	Dnstap string

	// Closed makes NSD, BIND and Unbound refuse everybody but their own host, as access control
	// does that nobody has told of the director.
	Closed bool
}

// NameServer puts a name server on the host's own addresses and its VIPs, starts it
// and waits until it answers on all of them.
func (h *Host) NameServer(software Software) *NameServer {
	h.lab.t.Helper()
	return h.NameServerWith(Config{Software: software})
}

// NameServerWith is NameServer with more choice.
func (h *Host) NameServerWith(c Config) *NameServer {
	h.lab.t.Helper()
	h.lab.must(c.Split.check(c.Software), "host %s", h.Name)
	n := &NameServer{Software: c.Software, host: h, setup: setup{
		dir:    filepath.Join(h.dir, string(c.Software)),
		listen: h.parse(c.Listen),
		split:  c.Split,
		dnstap: c.Dnstap,
		closed: c.Closed,
	}}
	if c.Closed && c.Software != NSD && c.Software != BIND && c.Software != Unbound {
		h.lab.t.Fatalf("labtest: host %s: Closed is for NSD, BIND and Unbound", h.Name)
	}
	if len(n.setup.listen) == 0 {
		n.setup.listen = append(h.Addrs(), h.vips...)
	}
	h.lab.must(os.Mkdir(n.setup.dir, 0o755), "host %s", h.Name)
	n.configure("")
	n.Start()
	return n
}

// Start starts the server as it was last configured and waits until it answers.
func (n *NameServer) Start() {
	t := n.host.lab.t
	t.Helper()
	srv := n.server()
	for name, content := range srv.files {
		n.host.lab.must(os.WriteFile(filepath.Join(n.setup.dir, name), []byte(content), 0o644), "host %s: %s", n.host.Name, n.Software)
	}
	n.proc = n.host.Start(string(n.Software), srv.args...)
	n.host.lab.WaitFor(fmt.Sprintf("%s on %s answers", n.Software, n.host.Name), 20*time.Second, func() bool {
		if !n.proc.Running() {
			t.Fatalf("labtest: host %s: %s ended at start\n%s", n.host.Name, n.Software, tail(n.proc.Log(), 25))
		}
		return n.answers()
	})
}

// Stop ends the server in its own time.
func (n *NameServer) Stop() {
	n.host.lab.t.Helper()
	n.proc.Stop()
}

// Kill ends the server at once.
func (n *NameServer) Kill() {
	n.host.lab.t.Helper()
	n.proc.Kill()
}

// Break makes the server answer its own zone with an error, over UDP and TCP. It
// is restarted for that.
func (n *NameServer) Break(f Fault) {
	n.host.lab.t.Helper()
	n.configure(f)
	n.restart()
}

// Repair undoes Stop, Kill, Break, CloseTCP and Slow.
func (n *NameServer) Repair() {
	n.host.lab.t.Helper()
	n.OpenTCP()
	n.quick()
	broken := len(n.setup.good) == 0
	n.configure("")
	if broken || !n.proc.Running() {
		n.restart()
	}
}

// Log is what the server has printed so far.
func (n *NameServer) Log() string { return n.proc.Log() }

func (n *NameServer) restart() {
	n.host.lab.t.Helper()
	if n.proc.Running() {
		n.proc.Stop()
	}
	n.Start()
}

// configure sorts the zones by the fault.
func (n *NameServer) configure(f Fault) {
	s := &n.setup
	s.good, s.servfail, s.refused = nil, []string{ServfailName}, []string{RefusedName}
	switch f {
	case Servfail:
		s.servfail = append(s.servfail, Zone)
	case Refused:
		s.refused = append(s.refused, Zone)
	default:
		s.good = append(s.good, Zone)
	}
}

// server is the configuration of this program for this setup.
func (n *NameServer) server() server {
	n.host.lab.t.Helper()
	switch n.Software {
	case NSD:
		return n.setup.nsd()
	case BIND:
		return n.setup.bind()
	case Unbound:
		return n.setup.unbound()
	case Knot:
		return n.setup.knot()
	case Recursor:
		return n.setup.recursor()
	}
	n.host.lab.t.Fatalf("labtest: host %s: no such name server: %q", n.host.Name, n.Software)
	return server{}
}

// answers asks each address over UDP and TCP, from the host itself.
func (n *NameServer) answers() bool {
	for _, addr := range n.setup.listen {
		if addr.IsUnspecified() {
			addr = n.host.ownAddr(addr.Is4())
		}
		q := Question{Server: addr.String(), Timeout: 500 * time.Millisecond}
		if _, err := n.host.Ask(q); err != nil {
			return false
		}
		q.TCP = true
		if _, err := n.host.Ask(q); err != nil && !n.noTCP {
			return false
		}
	}
	return true
}

// lines joins the lines of a configuration file.
func lines(parts ...string) string { return strings.Join(parts, "\n") + "\n" }

// join writes addresses in the way of one program: each one formatted, then joined.
func join(addrs []netip.Addr, format, sep string) string {
	var all []string
	for _, a := range addrs {
		all = append(all, fmt.Sprintf(format, a))
	}
	return strings.Join(all, sep)
}
