package config

import (
	"log/slog"
	"net/netip"
	"slices"
	"time"
)

// ExporterFile is where lvsdns-exporter's settings are. No such file is no error.
const ExporterFile = "/etc/lvsdns/exporter.yaml"

// Exporter is the settings of lvsdns-exporter.
type Exporter struct {
	Web         Web
	Log         Log
	Metrics     Metrics
	Sources     Sources
	Keepalived  Keepalived
	Checks      Checks
	Connections Connections
	Conntrack   Conntrack
	Notify      NotifyJournal
	Fallback    FallbackReport
	DNS         DNS
}

// Web is where and how pages are served.
type Web struct {
	Listen     []string
	Hosts      []string // under which a browser may ask, beside addresses and this host's own names
	ConfigFile string   // for exporter-toolkit: TLS and basic authentication
	Systemd    bool     // systemd has opened the sockets, and Listen counts for nothing
}

// Log is how much is logged, and in which form.
type Log struct {
	Level  slog.Level
	Format string // logfmt or json
}

// Metrics is how much is shown.
type Metrics struct {
	Detail      string // service or backend
	Allow, Deny []Pattern
	MaxSeries   int
	PerCPU      bool
}

// Shows reports whether a virtual server is to be shown: one that no pattern denies, and that one allows if any is written.
func (m Metrics) Shows(vip netip.Addr, mark uint32) bool {
	for _, p := range m.Deny {
		if p.Matches(vip, mark) {
			return false
		}
	}
	for _, p := range m.Allow {
		if p.Matches(vip, mark) {
			return true
		}
	}
	return len(m.Allow) == 0
}

// Sources is how the host is read.
type Sources struct {
	Root           string
	Timeout, Share time.Duration
}

// Keepalived is where keepalived keeps its configuration, and whether it may be asked for its state.
type Keepalived struct {
	ConfigFile, ConfigID string
	Version              string // empty: as its program says
	Signal               bool
	SignalInterval       time.Duration
	PIDFile              string
	DumpFile             string // empty: where its configuration says
}

// Checks is where checks report, and how much of that is remembered.
type Checks struct {
	Socket string // empty: nobody listens
	Users  []string
	Max    int
	Forget time.Duration
}

// Conntrack is how the kernel's table of flows is read.
type Conntrack struct {
	Passes                  bool
	Interval                time.Duration
	MaxEntries              int
	WantedUDP, WantedStream time.Duration // timeouts that should be in force; 0: none
}

// Connections is how often the connection table of IPVS is read, and how much of it.
type Connections struct {
	Interval   time.Duration // 0: never
	MaxTime    time.Duration
	MaxEntries int
}

// NotifyJournal is where lvsdns-notify keeps its journal.
type NotifyJournal struct {
	StateDir string // empty: it is not read
}

// FallbackReport is where lvsdns-fallback says how it is.
type FallbackReport struct {
	ReportFile string // empty: it is not read
}

// DNS is whether and where DNS traffic is captured.
type DNS struct {
	Capture    string   // true, false, or [Auto]: where this process may
	Role       string   // auto, director or realserver
	Interfaces []string // none: chosen by themselves
	Ports      []uint16
	Services   []netip.AddrPort
	Memory     int // of each card's ring, MiB
	Nftables   bool
	Dnstap     string // where name servers connect: a path, or ADDRESS:PORT; empty: nowhere

	Top                  bool
	TopZones, TopClients string // in which form they are told: hash, or name and network
}

// NewExporter is what holds without a file and without flags.
func NewExporter() *Exporter {
	return &Exporter{
		Web:     Web{Listen: []string{":9741"}},
		Log:     Log{Level: slog.LevelInfo, Format: logfmt},
		Metrics: Metrics{Detail: "backend", MaxSeries: 250_000},
		Sources: Sources{Root: "/", Timeout: 5 * time.Second, Share: 2 * time.Second},
		Keepalived: Keepalived{
			ConfigFile: "/etc/keepalived/keepalived.conf", SignalInterval: time.Minute,
			PIDFile: Auto,
		},
		Checks:      Checks{Socket: "/run/lvsdns/check.sock", Max: 20_000, Forget: 24 * time.Hour},
		Connections: Connections{Interval: time.Minute, MaxTime: 2 * time.Second, MaxEntries: 2_000_000},
		Conntrack:   Conntrack{Passes: true, Interval: time.Minute, MaxEntries: 2_000_000},
		Notify:      NotifyJournal{StateDir: "/var/lib/lvsdns"},
		Fallback:    FallbackReport{ReportFile: "/run/lvsdns/fallback-report.json"},
		DNS:         DNS{Capture: "false", Role: "auto", Ports: []uint16{53}, Memory: 16, TopZones: "hash", TopClients: "hash"},
	}
}

// restarting are the settings that a running program can't change: what it listens on and how, what it captures and has counted since.
func restarting() []string {
	return []string{
		"web.listen-address", "web.config.file", "web.systemd-socket", "log.format", "checks.socket",
		"dns.capture", "dns.role", "dns.interfaces", "dns.ports", "dns.services",
		"dns.ring-size", "dns.top", "dns.top-zones", "dns.top-clients", "dns.dnstap",
	}
}

// Keep gives settings that were read anew what a running program can't change. It returns which of that would have changed.
func (e *Exporter) Keep(running *Exporter) []string {
	was := map[string]string{}
	for _, o := range running.options() {
		was[o.key] = o.yaml()
	}
	var kept []string
	for _, o := range e.options() {
		if slices.Contains(restarting(), o.key) && o.yaml() != was[o.key] {
			kept = append(kept, o.key)
		}
	}
	e.Web.Listen, e.Web.ConfigFile, e.Web.Systemd = running.Web.Listen, running.Web.ConfigFile, running.Web.Systemd
	e.Log.Format, e.Checks.Socket = running.Log.Format, running.Checks.Socket
	nftables := e.DNS.Nftables
	e.DNS = running.DNS
	e.DNS.Nftables = nftables
	return kept
}

func (e *Exporter) options() []option {
	return []option{
		{"web.listen-address", addresses{&e.Web.Listen}, "Where to serve pages: ADDRESS:PORT, or :PORT for all addresses. May be several."},
		{
			"web.hosts", hosts{&e.Web.Hosts},
			"More names under which browsers and Prometheus ask this host, such as a CNAME. Its addresses, localhost, its host name and what\n/etc/hosts and the domains of /etc/resolv.conf make of that are answered anyway, other names with 421: so no foreign web page\nreads these pages through a name that leads here (DNS rebinding).",
		},
		{
			"web.config.file", file{&e.Web.ConfigFile, true},
			"A file that says who may look, and with which TLS certificate: see\nhttps://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md. Empty: everybody, without TLS.",
		},
		{
			"web.systemd-socket", truth{&e.Web.Systemd},
			"Serve on the sockets that systemd has opened, such as those of lvsdns-exporter.socket, and not on web.listen-address.",
		},
		{"log.level", level{&e.Log.Level}, "debug, info, warn or error. The log goes to standard error."},
		{"log.format", logFormat{&e.Log.Format}, logFormatDoc},
		{
			"metrics.detail", choice{&e.Metrics.Detail, []string{"service", "backend"}},
			"backend: virtual servers and their real servers. service: virtual servers only, with sums of their real servers.",
		},
		{
			"metrics.allow", patterns{&e.Metrics.Allow},
			"Virtual servers to show: networks such as 192.0.2.0/24, addresses with * such as 2001:db8::*, firewall marks\nsuch as fwm:7 or fwm:*. Empty: all.",
		},
		{"metrics.deny", patterns{&e.Metrics.Deny}, "Virtual servers not to show, in the same way. This has the last word."},
		{
			"metrics.max-series", whole{&e.Metrics.MaxSeries, 0, 100_000_000},
			"How many series virtual servers, real servers, their connections and checks may have together. What does not fit is left out,\nwhole servers at a time, and lvsdns_exporter_series_dropped says so. 0: no limit.",
		},
		{"metrics.per-cpu", truth{&e.Metrics.PerCPU}, "Traffic of each processor as well."},
		{
			"sources.root", file{&e.Sources.Root, false},
			"The root of the file system that is read: /proc, and all that is keepalived's. For containers.",
		},
		{
			"sources.timeout", span{&e.Sources.Timeout, 100 * time.Millisecond, time.Minute},
			"How long to wait for each source. Shorter than Prometheus's scrape_timeout.",
		},
		{
			"sources.share", span{&e.Sources.Share, 0, time.Minute},
			"For how long what was read is good for everybody who asks. The kernel moves its counters every 2 s.",
		},
		{"keepalived.config-file", file{&e.Keepalived.ConfigFile, false}, "keepalived's configuration: for drift, and for VRRP by addresses."},
		{
			"keepalived.config-id", text{&e.Keepalived.ConfigID},
			"What keepalived was started with as --config-id. Empty: the host name, as keepalived takes it.",
		},
		{
			"keepalived.version", release{&e.Keepalived.Version},
			"Its version, such as 2.2.7, by whose rules the configuration is read. Empty: what the running program says, or\nthe one that would be started, else the newest.",
		},
		{
			"keepalived.signal", truth{&e.Keepalived.Signal},
			"Ask keepalived for its state: SIGUSR1 makes it write keepalived.dump-file. It does no other thing to\nkeepalived, and it is the only thing that this program does to anybody. Needs the right to signal keepalived and to read that file.",
		},
		{"keepalived.signal-interval", span{&e.Keepalived.SignalInterval, 10 * time.Second, 24 * time.Hour}, "Not more often than this."},
		{
			"keepalived.pid-file", fileOr{file{&e.Keepalived.PIDFile, false}, Auto},
			"Where keepalived writes its process ID. auto: where it has it by its configuration, such as /run/keepalived.pid; if keepalived is\nstarted with --pid, the same path.",
		},
		{
			"keepalived.dump-file", file{&e.Keepalived.DumpFile, true},
			"Where keepalived writes its state, as it sees it (it may have a /tmp of its own). Empty: where its configuration\nsays, which is /tmp/keepalived_check.data as a rule.",
		},
		{
			"checks.socket", file{&e.Checks.Socket, true},
			"Where lvsdns-check reports what it found. The directory must be there. Empty: nobody listens.",
		},
		{
			"checks.users", users{&e.Checks.Users},
			"Whose reports are taken, by name or by number, besides those of root, of the exporter's own user and of the users as whom\nkeepalived runs scripts: such as nagios or haproxy, if they run lvsdns-check. Reports of other users are counted and not read.",
		},
		{
			"checks.max", whole{&e.Checks.Max, 1, 1_000_000},
			"How many checks to remember. Reports of more are refused, and lvsdns_check_datagrams_total says so. Each has 4 KiB on a page,\none with another, which is plenty unless names are very long.",
		},
		{
			"checks.forget", span{&e.Checks.Forget, time.Minute, 365 * 24 * time.Hour},
			"How long a check is shown that no longer reports. One that was run by hand disappears ten minutes after its last run.",
		},
		{
			"conntrack.passes", truth{&e.Conntrack.Passes},
			"Read the kernel's whole table of flows in the background, and count those of each virtual server. A million entries\ntake two to three seconds of one processor, and next to no memory.",
		},
		{"conntrack.interval", span{&e.Conntrack.Interval, 5 * time.Second, 24 * time.Hour}, "How often."},
		{
			"conntrack.max-entries", whole{&e.Conntrack.MaxEntries, 1, 1_000_000_000},
			"A table with more entries is not read, and lvsdns_conntrack_pass_skipped says so.",
		},
		{
			"conntrack.wanted-udp-timeout", span{&e.Conntrack.WantedUDP, 0, 24 * time.Hour},
			"What nf_conntrack_udp_timeout should be, to be shown beside what it is. 0s: no matter.",
		},
		{
			"conntrack.wanted-udp-stream-timeout", span{&e.Conntrack.WantedStream, 0, 24 * time.Hour},
			"What nf_conntrack_udp_timeout_stream should be. 0s: no matter.",
		},
		{
			"connections.interval", spanOrNever{span{&e.Connections.Interval, time.Second, 24 * time.Hour}},
			"How often to read IPVS's table of connections, for entries that lead to a real server that was removed. It is read in\nthe background, not when somebody asks. 0s: never.",
		},
		{
			"connections.max-time", span{&e.Connections.MaxTime, 10 * time.Millisecond, time.Minute},
			"How long one such pass may read: about as much processor time. It rests for four times as long in between.\nBefore Linux 6.14 the time grows with the square of the entries, and 2 s are good for 30,000 to 50,000. A pass that does\nnot come to the end says so, and shows what it found in the part that it read.",
		},
		{"connections.max-entries", whole{&e.Connections.MaxEntries, 1, 100_000_000}, "How many entries one such pass may read."},
		{"fallback.report-file", file{&e.Fallback.ReportFile, true}, "Where lvsdns-fallback says what it does. Empty: it is not read."},
		{
			"notify.state-dir", file{&e.Notify.StateDir, true},
			"Where lvsdns-notify keeps its journal: changes of VRRP state, and what was done about them. Empty: it is not read.",
		},
		{
			"dns.capture", truthOr{&e.DNS.Capture, Auto},
			"Count the DNS traffic in the packets of the network cards. Needs CAP_NET_RAW, which the packaged unit gives. auto: where\nthis program has it; where not, one line in the log says why. Listens only: no card is made promiscuous, and names and\naddresses of clients are counted, not kept, unless dns.top.",
		},
		{
			"dns.role", choice{&e.DNS.Role, []string{"auto", "director", "realserver"}},
			"What this host is. auto: a director if its IPVS table has virtual servers for DNS, else a real server of the\naddresses that lo, a dummy device or a tunnel's end has.",
		},
		{
			"dns.interfaces", interfaces{&e.DNS.Interfaces},
			"Network cards to listen on. Empty: those that are stacked on nothing, so that no packet counts twice.",
		},
		{"dns.ports", ports{&e.DNS.Ports}, "Ports of virtual servers that are DNS."},
		{
			"dns.services", endpoints{&e.DNS.Services},
			"More virtual servers, as ADDRESS:PORT: those that IPVS knows by a firewall mark, and on a real server its own address\nif the director translates addresses (NAT).",
		},
		{"dns.ring-size", whole{&e.DNS.Memory, 1, 1024}, "MiB of memory for the packets of each card until they are counted."},
		{
			"dns.top", truth{&e.DNS.Top},
			"Keep which zones and which clients ask most, how many different names are asked, and whether they look made up, for\none to two minutes, and tell it at /api/v1/state. Needs dns.capture. Nothing of it becomes a metric.",
		},
		{
			"dns.top-zones", choice{&e.DNS.TopZones, []string{"hash", "name"}},
			"How zones are told there. hash: a number that means nothing outside this process. name: the zone itself, such as\nexample.com, and no more of the names below it.",
		},
		{
			"dns.top-clients", choice{&e.DNS.TopClients, []string{"hash", "network"}},
			"How clients are told there. hash: as above. network: the /24 or /56 of the client, never its address.",
		},
		{
			"dns.nftables", truth{&e.DNS.Nftables},
			"Read the counters of the table that \"lvsdns nft | nft -f -\" loads: each packet and byte of DNS by virtual server, transport and\ndirection. No rule is written or changed. Needs CAP_NET_ADMIN, as the kernel wants it for reading too.",
		},
		{
			"dns.dnstap", local{&e.DNS.Dnstap},
			"Where name servers of this host tell of their queries and responses by dnstap: the path of a socket, such as\n/run/lvsdns/dnstap.sock, or ADDRESS:PORT of the loopback. The directory must be there. Empty: nobody listens.",
		},
	}
}
