// Package command is the command line of lvsdns-check: arguments → a
// [checker.Check], and its [report.Report] → output, heartbeat and exit status. It
// reads nothing of the process itself; the program hands everything in, so that
// other programs can run a check's command line without forking it.
package command

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/lvsdns/lvsdns/checker/report"
	"github.com/miekg/dns"
)

// Command is a parsed command line.
type Command struct {
	Check      checker.Check
	Mode       exit.Mode
	Format     report.Format
	OutputFile string // empty: standard output
	Socket     string // of the exporter; empty: no heartbeat
	TLS        TLSOptions
	SecretFile string // that was read; empty: none was
}

// TLSOptions are for the transports tls and https.
type TLSOptions struct {
	Name     string // in the certificate; empty: the server's address
	CAFile   string // PEM; empty: this host's certificate authorities
	Insecure bool   // take any certificate
	Path     string // of the HTTPS resource
	Spelling checker.Spelling
}

// spelling is what the settings of a check are called here.
func spelling() checker.Spelling {
	return checker.Spelling{
		Program: "lvsdns-check", Name: "--name", NoEDNS: "--no-edns",
		TLSName: "--tls-name", TLSCA: "--tls-ca", HTTPSPath: "--https-path",
	}
}

// ErrHelp and ErrVersion are returned by [Parse] when the user asks for text
// and not for a check.
var (
	ErrHelp    = errors.New("help asked for")
	ErrVersion = errors.New("version asked for")
)

// Parse reads a command line, without the program's name. Getenv gives the
// environment that HAProxy sets for external checks.
func Parse(args []string, getenv func(string) string) (Command, error) {
	v, positional, err := parseFlags(args)
	if err != nil {
		return Command{}, err
	}
	switch {
	case v.help:
		return Command{}, ErrHelp
	case v.version:
		return Command{}, ErrVersion
	}
	cmd := Command{
		OutputFile: v.outputFile, Socket: v.socket,
		TLS: TLSOptions{v.tlsName, v.tlsCA, v.tlsInsecure, v.httpsPath, spelling()},
	}
	cmd.Check.Spelling = spelling()
	// Each step reads its flags; the first that cannot ends it.
	for _, step := range []func(*values, *Command) error{output, questions, ask, expect, timing, from} {
		if err := step(v, &cmd); err != nil {
			return Command{}, err
		}
	}
	cmd.Check.Server, err = server(positional, cmd.Mode, cmd.Check.Transport, getenv)
	if err != nil {
		return Command{}, err
	}
	if err := scope(cmd.Check.Server.Addr(), cmd.Check.From); err != nil {
		return Command{}, err
	}
	return cmd, nil
}

// scope holds the addresses of both ends against each other and this host.
func scope(server netip.Addr, from checker.From) error {
	if err := zone(server, from); err != nil {
		return fmt.Errorf("server %q: %w", server, err)
	}
	src := from.Source
	if !src.IsValid() {
		return nil
	}
	if src.Is4() != server.Is4() {
		return fmt.Errorf("--source %s: the server %s is of the other address family; use an address of the same", src, server)
	}
	if err := zone(src, from); err != nil {
		return fmt.Errorf("--source %s: %w", src, err)
	}
	return nil
}

// zone adds what chooses an interface where the address cannot.
func zone(addr netip.Addr, from checker.From) error {
	err := from.CheckZone(addr)
	if err != nil && !addr.IsLinkLocalUnicast() {
		return fmt.Errorf("%w (--interface chooses an interface)", err)
	}
	return err
}

// flagError names the flag in front of what is wrong with it.
func flagError(flag string, err error) error { return fmt.Errorf("--%s: %w", flag, err) }

func output(v *values, cmd *Command) (err error) {
	if cmd.Mode, err = exit.ParseMode(v.exitMode); err != nil {
		return flagError("exit-mode", err)
	}
	var ok bool
	if cmd.Format, ok = report.Formats()[v.output]; !ok {
		return fmt.Errorf("--output: %q is no format; use text, json, nagios, prometheus or none", v.output)
	}
	if v.weightBy == "" {
		return nil
	}
	weight, err := parseLatencyWeight(v.weightBy)
	if err != nil {
		return flagError("weight-by", err)
	}
	if cmd.Mode != exit.MiscDynamic {
		return fmt.Errorf("--weight-by: only a MISC_CHECK with misc_dynamic takes a weight; add --exit-mode misc-dynamic")
	}
	cmd.Check.WeightBy = &weight
	return nil
}

func questions(v *values, cmd *Command) error {
	class, err := parseClass(v.class)
	if err != nil {
		return flagError("class", err)
	}
	rcodes, err := parseRcodes(v.rcode)
	if err != nil {
		return flagError("rcode", err)
	}
	cmd.Check.Questions, err = questionList(v, class)
	if err != nil {
		return err
	}
	for i := range cmd.Check.Questions {
		if q := &cmd.Check.Questions[i]; q.Rcodes == nil {
			q.Rcodes = rcodes
		}
	}
	if n := len(cmd.Check.Questions); v.set["quorum"] && (v.quorum < 1 || v.quorum > n) {
		return fmt.Errorf("--quorum: %d of %d questions cannot pass; use 1 to %d", v.quorum, n, n)
	}
	cmd.Check.Quorum = v.quorum
	return nil
}

func questionList(v *values, class uint16) ([]checker.Question, error) {
	if len(v.question) == 0 {
		name, err := parseName(v.name)
		if err != nil {
			return nil, flagError("name", err)
		}
		qtype, err := parseType(v.qtype)
		if err != nil {
			return nil, flagError("type", err)
		}
		return []checker.Question{{Name: name, Type: qtype, Class: class}}, nil
	}
	if v.set["name"] || v.set["type"] {
		return nil, fmt.Errorf("--question and --name or --type exclude each other; put all in --question \"NAME TYPE\"")
	}
	var list []checker.Question
	for _, s := range v.question {
		q, err := parseQuestion(s, class)
		if err != nil {
			return nil, flagError("question", err)
		}
		list = append(list, q)
	}
	return list, nil
}

func ask(v *values, cmd *Command) (err error) {
	a := &cmd.Check.Ask
	a.NoRecurse, a.NoEDNS, a.DNSSEC, a.NSID = v.noRecurse, v.noEDNS, v.dnssec, v.nsid != ""
	if v.ednsSize < dns.MinMsgSize || v.ednsSize > dns.MaxMsgSize {
		return fmt.Errorf("--edns-size: %d is not from %d to %d bytes", v.ednsSize, dns.MinMsgSize, dns.MaxMsgSize)
	}
	a.EDNSSize = uint16(v.ednsSize)
	for _, flag := range []string{"edns-size", "dnssec", "subnet", "nsid"} {
		if a.NoEDNS && v.set[flag] {
			return fmt.Errorf("--no-edns: --%s travels in EDNS; leave one of the two out", flag)
		}
	}
	if v.subnet != "" {
		if a.Subnet, err = netip.ParsePrefix(v.subnet); err != nil {
			return fmt.Errorf("--subnet: %q is no network; write for example 192.0.2.0/24", v.subnet)
		}
	}
	if v.tsig != "" {
		if a.TSIG, err = readTSIGKey(v.tsig); err != nil {
			return flagError("tsig", err)
		}
		cmd.SecretFile = strings.SplitN(v.tsig, ":", 3)[2] // readTSIGKey has taken it
	}
	return nil
}

func expect(v *values, cmd *Command) (err error) {
	e := &cmd.Check.Expect
	e.NSID = v.nsid
	if e.MinAnswers = v.minAnswers; e.MinAnswers < 0 {
		return fmt.Errorf("--min-answers: %d is below zero", e.MinAnswers)
	}
	for _, s := range v.answer {
		re, err := regexp.Compile(s)
		if err != nil {
			return flagError("answer", err)
		}
		e.Answer = append(e.Answer, re)
	}
	if v.require != "" {
		if e.Require, err = parseHeaderFlags(v.require); err != nil {
			return flagError("require", err)
		}
	}
	if v.forbid != "" {
		if e.Forbid, err = parseHeaderFlags(v.forbid); err != nil {
			return flagError("forbid", err)
		}
	}
	if both := e.Require & e.Forbid; both != 0 {
		return fmt.Errorf("--forbid: %s is in --require too; leave it out of one", strings.Join(both.Names(), ","))
	}
	if v.maxLatency != "" {
		if e.MaxLatency, err = parseDuration(v.maxLatency); err != nil {
			return flagError("max-latency", err)
		}
	}
	return nil
}

func timing(v *values, cmd *Command) (err error) {
	if cmd.Check.Timeout, err = parseDuration(v.timeout); err != nil {
		return flagError("timeout", err)
	}
	if cmd.Check.Attempts = v.attempts; v.attempts < 1 {
		return fmt.Errorf("--attempts: %d tries ask nothing; use 1 or more", v.attempts)
	}
	if max := cmd.Check.Expect.MaxLatency; max > cmd.Check.Timeout {
		return fmt.Errorf("--max-latency: %v is above --timeout %v and never reached; lower it or raise --timeout", max, cmd.Check.Timeout)
	}
	return nil
}

func from(v *values, cmd *Command) (err error) {
	if cmd.Check.Transport, err = parseTransport(v.transport); err != nil {
		return flagError("transport", err)
	}
	if v.path != "rip" {
		return fmt.Errorf("--path: %q is not supported; only rip, the real server's own address, is", v.path)
	}
	for _, flag := range []string{"tls-name", "tls-ca", "tls-insecure", "https-path"} {
		if v.set[flag] && !cmd.Check.Transport.Encrypted() {
			return fmt.Errorf("--%s: means nothing over %s; add --transport tls or https", flag, cmd.Check.Transport)
		}
	}
	cmd.Check.From = checker.From{Interface: v.iface, Mark: uint32(v.mark)}
	if v.mark > 1<<32-1 {
		return fmt.Errorf("--mark: %d does not fit into 32 bits", v.mark)
	}
	if v.source != "" {
		if cmd.Check.From.Source, err = netip.ParseAddr(v.source); err != nil {
			return fmt.Errorf("--source: %q is no IP address of this host", v.source)
		}
		cmd.Check.From.Source = cmd.Check.From.Source.Unmap()
	}
	return nil
}

// version is what --version prints: the version that the Go tool stamped into
// the program.
func version(name string, info func() (string, bool)) string {
	v, ok := info()
	if !ok || v == "" {
		v = "(devel)"
	}
	return name + " " + v + "\n"
}
