package command

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/report"
)

// values are the flags as written, before they are understood.
type values struct {
	name, qtype, class, rcode, transport, path string
	question, answer                           list
	quorum, minAnswers, ednsSize, attempts     int
	require, forbid, subnet, nsid, tsig        string
	noRecurse, noEDNS, dnssec                  bool
	timeout, maxLatency                        string
	source, iface                              string
	mark                                       uint64
	weightBy, exitMode, output                 string
	outputFile, socket                         string
	tlsName, tlsCA, httpsPath                  string
	tlsInsecure, help, version                 bool

	set map[string]bool // flags that were given
}

// list is a flag that may be given more than once.
type list []string

// String returns the values as one text.
func (l *list) String() string { return strings.Join(*l, " ") }

// Set appends a value.
func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

func (v *values) flagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("lvsdns-check", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	for _, f := range []struct {
		value *string
		name  string
		deflt string
	}{
		{&v.name, "name", "."}, {&v.qtype, "type", "SOA"}, {&v.class, "class", "IN"}, {&v.rcode, "rcode", "NOERROR"},
		{&v.transport, "transport", "udp"}, {&v.path, "path", "rip"},
		{&v.require, "require", ""}, {&v.forbid, "forbid", ""},
		{&v.subnet, "subnet", ""}, {&v.nsid, "nsid", ""}, {&v.tsig, "tsig", ""},
		{&v.timeout, "timeout", "2s"}, {&v.maxLatency, "max-latency", ""},
		{&v.source, "source", ""}, {&v.iface, "interface", ""},
		{&v.weightBy, "weight-by", ""}, {&v.exitMode, "exit-mode", "misc"}, {&v.output, "output", "text"},
		{&v.outputFile, "output-file", ""}, {&v.socket, "exporter-socket", report.Socket},
		{&v.tlsName, "tls-name", ""}, {&v.tlsCA, "tls-ca", ""}, {&v.httpsPath, "https-path", "/dns-query"},
	} {
		fs.StringVar(f.value, f.name, f.deflt, "")
	}
	fs.Var(&v.question, "question", "")
	fs.Var(&v.answer, "answer", "")
	fs.IntVar(&v.quorum, "quorum", 0, "")
	fs.IntVar(&v.minAnswers, "min-answers", 0, "")
	fs.IntVar(&v.ednsSize, "edns-size", checker.DefaultEDNSSize, "")
	fs.IntVar(&v.attempts, "attempts", 2, "")
	fs.Uint64Var(&v.mark, "mark", 0, "")
	fs.BoolVar(&v.noRecurse, "no-recurse", false, "")
	fs.BoolVar(&v.noEDNS, "no-edns", false, "")
	fs.BoolVar(&v.dnssec, "dnssec", false, "")
	fs.BoolVar(&v.tlsInsecure, "tls-insecure", false, "")
	fs.BoolVar(&v.help, "help", false, "")
	fs.BoolVar(&v.help, "h", false, "")
	fs.BoolVar(&v.version, "version", false, "")
	return fs
}

// parseFlags reads flags and positional arguments in any order.
func parseFlags(args []string) (*values, []string, error) {
	v := &values{set: map[string]bool{}}
	fs := v.flagSet()
	var positional []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, nil, mend(err)
		}
		if args = fs.Args(); len(args) == 0 {
			break
		}
		positional, args = append(positional, args[0]), args[1:]
	}
	fs.Visit(func(f *flag.Flag) { v.set[f.Name] = true })
	return v, positional, nil
}

// mend turns the flag package's errors into this program's: two dashes, and
// what to do.
func mend(err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return unknownFlag(strings.TrimPrefix(name, "-"))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return fmt.Errorf("--%s: its value is missing", name)
	}
	for _, kind := range []struct{ prefix, infix, wrong string }{
		{"invalid value ", " for flag -", "is no whole number"},
		{"invalid boolean value ", " for -", "is neither true nor false"},
	} {
		rest, ok := strings.CutPrefix(text, kind.prefix)
		if value, after, found := strings.Cut(rest, kind.infix); ok && found {
			name, _, _ := strings.Cut(after, ":")
			return fmt.Errorf("--%s: %s %s", name, value, kind.wrong)
		}
	}
	return fmt.Errorf("%w; see lvsdns-check --help", err)
}

// peek returns the value of a flag without parsing the rest, the last one
// winning: what a broken command line's error must still obey.
func peek(args []string, name, deflt string) string {
	for i, arg := range args {
		bare := strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
		if bare == arg {
			continue
		}
		if value, ok := strings.CutPrefix(bare, name+"="); ok {
			deflt = value
		} else if bare == name && i+1 < len(args) {
			deflt = args[i+1]
		}
	}
	return deflt
}
