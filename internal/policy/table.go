package policy

// module is the import path of this repository.
const module = "github.com/lvsdns/lvsdns"

// unit is a folder and all that is below it, and the units that it may import. What a unit may
// import is written out, not computed from layers: the row is the answer a reader looks for.
type unit struct {
	dir string
	may []string
}

// units is the direction of dependencies: cmd → engines → drift → leaves. Leaves share nothing, so
// that each can be read, tested and replaced alone.
var units = []unit{
	// Leaves.
	{dir: "checker", may: []string{"internal/bounded", "internal/ownfile"}},
	{dir: "conntrack"},
	{dir: "notify", may: []string{"internal/bounded", "internal/ownfile", "internal/stamp"}},
	{dir: "internal/config", may: []string{"internal/bounded"}},
	{dir: "internal/dnscount"},
	{dir: "internal/host", may: []string{"internal/bounded", "internal/ownfile"}},
	{dir: "internal/ipvs"},
	{dir: "internal/keepalived"},
	{dir: "internal/nftcount"},
	// Files that somebody else may make large. Leaves may read them.
	{dir: "internal/bounded"},
	// Serving pages to readers who may be hostile.
	{dir: "internal/httpd"},
	// Whether a file is still the one that was read.
	{dir: "internal/stamp"},
	// Files that programs share, beside users who may be hostile.
	{dir: "internal/ownfile"},
	// Sockets with a name, and who has sent what.
	{dir: "internal/unixsock"},
	// The life of a service: signals, log, parts, systemd.
	{dir: "internal/daemon"},

	// Packets of the host's cards, for dnscount to count.
	{dir: "internal/capture", may: []string{"internal/dnscount"}},
	// What its name servers tell of them, for dnscount too.
	{dir: "internal/dnstap", may: []string{"internal/dnscount", "internal/unixsock"}},

	// keepalived's words in the kernel's terms, and which keepalived this host has. Whatever reads keepalived.conf has it read there.
	{dir: "internal/lvs", may: []string{"internal/ipvs", "internal/keepalived"}},
	{dir: "internal/site", may: []string{"internal/bounded", "internal/host", "internal/ipvs", "internal/keepalived"}},

	// Whose DNS traffic is to be counted.
	{dir: "internal/dnsview", may: []string{"internal/capture", "internal/dnscount", "internal/ipvs"}},

	// Comparison of what the leaves report, then the engines. They take values and small
	// interfaces; cmd hands the clients in.
	{dir: "internal/drift", may: []string{"conntrack", "internal/host", "internal/ipvs", "internal/keepalived", "internal/lvs", "internal/site"}},
	{dir: "internal/flows", may: []string{"conntrack", "internal/ipvs"}},
	// Who holds which address, for the hook and for the exporter.
	{dir: "internal/vrrp", may: []string{"internal/keepalived", "notify"}},
	// What an engine says of itself, in a file.
	{dir: "internal/fallback/report", may: []string{"internal/ownfile"}},
	// The layers below the exporter's subjects.
	{dir: "exporter/internal/metric", may: []string{"internal/ipvs"}},
	{dir: "exporter/internal/source", may: []string{"exporter/internal/metric", "internal/ipvs"}},
	{dir: "exporter", may: []string{"exporter/internal/metric", "exporter/internal/source", "internal/fallback/report", "internal/httpd", "internal/unixsock", "internal/capture", "internal/dnstap", "internal/drift", "internal/flows", "internal/vrrp", "checker", "conntrack", "notify", "internal/dnscount", "internal/host", "internal/ipvs", "internal/keepalived", "internal/lvs", "internal/nftcount", "internal/site"}},
	{dir: "internal/fallback", may: []string{"internal/fallback/report", "internal/stamp", "internal/bounded", "checker", "internal/host", "internal/ipvs", "internal/keepalived", "internal/lvs", "internal/ownfile", "internal/site"}},

	// What lvsdns-notify-act looks for when keepalived has said something, and what it does.
	{dir: "internal/truth", may: []string{"internal/ipvs", "internal/keepalived", "internal/lvs", "internal/site", "internal/vrrp", "notify"}},
	{dir: "internal/kernelact", may: []string{"conntrack", "internal/ipvs", "notify"}},

	// Wiring.
	{dir: "cmd", may: []string{
		"exporter", "internal/bounded", "internal/httpd", "internal/fallback", "internal/fallback/report", "internal/drift", "internal/flows", "internal/vrrp", "checker", "conntrack", "notify",
		"internal/capture", "internal/config", "internal/dnscount", "internal/dnstap", "internal/dnsview", "internal/host", "internal/ipvs", "internal/keepalived", "internal/kernelact", "internal/lvs", "internal/nftcount", "internal/ownfile", "internal/site", "internal/daemon", "internal/truth",
	}},

	// A name server made of bytes, a table of flows that nobody has sent, and another user of this host, for tests.
	{dir: "internal/dnstest"},
	{dir: "internal/flowtest"},
	{dir: "internal/stranger"},

	// The lab drives the programs from outside, as an operator does: it imports none of them.
	{dir: "internal/netns"},
	{dir: "internal/guest", may: []string{"internal/netns"}},
	{dir: "internal/labtest", may: []string{"internal/netns", "internal/ownfile"}},
	{dir: "lab", may: []string{"alerts", "dashboards", "internal/guest", "internal/labtest", "internal/netns"}},

	// What operators install beside the exporter. They know its metrics by docs/metrics.md alone.
	{dir: "alerts"},
	{dir: "dashboards"},
	{dir: "packaging"},
	{dir: "internal/promcheck"},

	// Do the commands and configurations of the documents work? It runs the programs, and has keepalived.conf parsed.
	{dir: "internal/docscheck", may: []string{"internal/keepalived"}},

	{dir: "internal/policy"},
	{dir: "tools", may: []string{"internal/flowtest", "internal/netns"}},
}

// testHelpers are the units that any _test.go file may import besides what its unit may.
var testHelpers = []string{"internal/dnstest", "internal/flowtest", "internal/labtest", "internal/netns", "internal/promcheck", "internal/stranger"}

// home names the units that may import a module. A module with one home can be replaced in one place.
type home struct {
	module string
	units  []string // none: test files only
}

// homes lists every module that may be imported directly. Test files may import any of them.
var homes = []home{
	{module: "github.com/miekg/dns", units: []string{"checker", "internal/labtest"}},
	{module: "golang.org/x/net", units: []string{"checker", "internal/capture"}},
	{module: "github.com/spf13/viper", units: []string{"internal/config"}},
	{module: "github.com/prometheus/client_golang", units: []string{"exporter"}},
	// The values of client_golang: a test reads them.
	{module: "github.com/prometheus/client_model"},
	{module: "github.com/prometheus/common", units: []string{"exporter"}},
	{module: "github.com/prometheus/exporter-toolkit", units: []string{"internal/httpd"}},
	{module: "golang.org/x/sync", units: []string{"cmd", "exporter", "internal/daemon"}},
	{module: "github.com/coreos/go-systemd/v22", units: []string{"internal/daemon", "internal/httpd"}},
	{module: "github.com/ti-mo/conntrack", units: []string{"conntrack"}},
	{module: "github.com/mdlayher/netlink", units: []string{"internal/ipvs", "conntrack", "internal/nftcount"}},
	// Its calls that write rules are in no program: a test holds that reading changes nothing.
	{module: "github.com/google/nftables", units: []string{"internal/nftcount"}},
	// The wire format alone: the generated code of dnstap is the measure in a test.
	{module: "google.golang.org/protobuf", units: []string{"internal/dnstap"}},
	{module: "github.com/dnstap/golang-dnstap"},
	{module: "github.com/farsightsec/golang-framestream"},
	// System calls that the standard library lacks: as good as part of it.
	{module: "golang.org/x/sys", units: []string{"checker", "conntrack", "cmd", "internal/capture", "internal/guest", "internal/host", "internal/httpd", "internal/ipvs", "internal/labtest", "internal/netns", "internal/nftcount", "internal/unixsock", "lab", "tools"}},
	{module: "github.com/rogpeppe/go-internal"},
	// PromQL, for tests: alerts and dashboards are parsed as Prometheus does it.
	{module: "github.com/prometheus/prometheus", units: []string{"internal/promcheck"}},
	// Markdown, for the site of the documents. tools/site.mod locks it: no program has it.
	{module: "github.com/yuin/goldmark", units: []string{"tools"}},
	{module: "go.yaml.in/yaml/v3", units: []string{"internal/promcheck"}},
}

// lean lists packages that must not be linked into a command, directly or not: keepalived starts
// it every few seconds for every real server, and each of these costs start-up time.
var lean = []struct {
	command string
	never   []string // an import path and all below it
}{
	{command: "cmd/lvsdns-check", never: []string{
		"github.com/spf13/viper",
		"github.com/prometheus/client_golang",
		"net/http",
	}},
	// keepalived starts it at each change of state, for each instance and group at once.
	{command: "cmd/lvsdns-notify", never: []string{
		"github.com/spf13/viper",
		"github.com/prometheus/client_golang",
		"vendor/golang.org/x/net/dns/dnsmessage", // net itself, by what nothing else imports
		"reflect",                                // and with it fmt
		"github.com/lvsdns/lvsdns/internal/keepalived",
	}},
}

// processUnits may read the arguments, the environment and signals, and may end the process.
// Everything else gets them as parameters, so that tests can hand in their own.
var processUnits = []string{
	"cmd",
	"lab",
	"tools",
	// The way in which commands get signals, and end.
	"internal/daemon",
	// Run inside or around a guest kernel only: they pass the caller's environment on, and ask it
	// whether this is a guest at all.
	"internal/guest",
	"internal/labtest",
}

const (
	maxFileLines     = 400 // more is more than one subject
	maxCommandLines  = 149 // a command is a list of wires
	maxCommandFolder = 450 // and so are all its files together
)

// wideCommands are the commands that still have more, and what they may have: a number here falls, and none rises.
var wideCommands = map[string]int{
	"cmd/lvsdns":            610,
	"cmd/lvsdns-exporter":   580,
	"cmd/lvsdns-fallback":   580,
	"cmd/lvsdns-notify-act": 660,
}

// wellNamed are files whose name says something although it often does not.
var wellNamed = []string{
	"internal/fallback/probe/misc.go", // MISC_CHECK, as keepalived.conf has it
}
