package command

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/checker"
)

// This file reads what people write out of habit for other programs, so that
// the one line that they get says what to write here. Nothing of it is taken
// for what was meant: a check in keepalived.conf must be as it is written.

// flagSlips are flags of dig, kdig, check_dns, check_dig and their like, and
// what they are called here. A function, so that a check that is written right
// does not pay for it.
func flagSlips() []slip {
	return []slip{
		{"p port", "write the port behind the server: 192.0.2.1:5353, or [2001:db8::1]:5353"},
		{"H s S server host hostname address target", "write the server without a flag: lvsdns-check [flags] SERVER[:PORT]"},
		{"n q l d query qname domain zone lookup query_address", "write --name NAME"},
		{"T qtype record querytype record_type rrtype", "write --type TYPE"},
		{"t", "write --type TYPE, or --timeout D for a limit of time"},
		{"x", "ask for the reverse name, for 192.0.2.1 with --name 1.2.0.192.in-addr.arpa --type PTR"},
		{"C qclass", "write --class CLASS"},
		{"a expect expected expected-address expected_address", "write --answer REGEXP"},
		{"A expect-authority", "write --require aa"},
		{"w warning critical", "write --max-latency D"},
		{"c", "write --max-latency D for a limit of time, or --class CLASS"},
		{"r try tries retry retries", "write --attempts N"},
		{"4 6 ipv4 ipv6", "leave it out: the server's address says which family it is"},
		{"b bind bindto", "write --source IP"},
		{"I iface", "write --interface IF"},
		{"fwmark", "write --mark N"},
		{"k y key", "write --tsig NAME:ALG:FILE"},
		{"udp", "write --transport udp"},
		{"tcp", "write --transport tcp"},
		{"both", "write --transport both"},
		{"tls dot", "write --transport tls"},
		{"https doh", "write --transport https"},
		{"insecure", "write --tls-insecure"},
		{"ca cacert", "write --tls-ca FILE"},
		{"sni", "write --tls-name NAME"},
		{"bufsize", "write --edns-size N"},
		{"norecurse norec", "write --no-recurse"},
		{"noedns", "write --no-edns"},
		{"do", "write --dnssec"},
		{"ecs", "write --subnet CIDR"},
		{"json", "write --output json"},
		{"format", "write --output FORMAT"},
		{"mode", "write --exit-mode MODE"},
		{"nagios", "write --exit-mode nagios"},
		{"haproxy", "write --exit-mode haproxy"},
		{"v", "write --version, or --output json for all that there is to say"},
		{"V", "write --version"},
		{"?", "write --help"},
	}
}

// digOptions are dig's options, and the flags for them: none where what it asks
// for is so anyhow.
func digOptions() []slip {
	return []slip{
		{"short noall answer multiline stats qr rec recurse edns notcp novc ignore", ""},
		{"tcp vc", "--transport tcp"},
		{"tls", "--transport tls"},
		{"https", "--transport https"},
		{"norec norecurse", "--no-recurse"},
		{"dnssec do", "--dnssec"},
		{"noedns", "--no-edns"},
		{"bufsize=", "--edns-size %s"},
		{"time= timeout=", "--timeout %ss"},
		{"tries= retry=", "--attempts %s"},
		{"subnet=", "--subnet %s"},
	}
}

// slip is what other programs call something, and what to write here.
type slip struct{ names, mend string }

func find(slips []slip, name string) (mend string, ok bool) {
	for _, s := range slips {
		if slices.Contains(strings.Fields(s.names), name) {
			return s.mend, true
		}
	}
	return "", false
}

// unknownFlag says what a flag is called here that other programs have.
func unknownFlag(name string) error {
	dashes, letter := "--", name
	if len(name) == 1 {
		dashes = "-"
	} else if _, err := strconv.Atoi(name[1:]); err == nil {
		dashes, letter = "-", name[:1] // its value without a blank, as in -p53
	}
	instead, ok := find(flagSlips(), letter)
	if !ok {
		instead = "see lvsdns-check --help"
	}
	return fmt.Errorf("%s%s: there is no such flag; %s", dashes, name, instead)
}

// digOption translates one of them, without its plus.
func digOption(option string) (flag string, ok bool) {
	name, value, hasValue := strings.Cut(option, "=")
	if hasValue {
		name += "="
	}
	flag, ok = find(digOptions(), name)
	if ok && hasValue {
		flag = fmt.Sprintf(flag, value)
	}
	return flag, ok
}

// severalError explains more than one argument.
func severalError(args []string) error {
	if len(args) == 4 && haproxyAddress(args[0]) && haproxyAddress(args[2]) {
		return fmt.Errorf("%q looks like what HAProxy hands to an external check; add --exit-mode haproxy", strings.Join(args, " "))
	}
	for _, arg := range args {
		if _, err := strconv.ParseBool(arg); err == nil && len(arg) > 1 {
			return fmt.Errorf("%q: a flag that is a switch takes its value behind an equals sign; leave %[1]s out, or write --flag=%[1]s", arg)
		}
	}
	if flags, ok := rewrite(args); ok {
		return fmt.Errorf("%q: only the server goes without a flag; write %s", strings.Join(args, " "), flags)
	}
	return fmt.Errorf("one SERVER at a time, not %q and %q; quote a value that has spaces in it", args[0], args[1])
}

func haproxyAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil || s == haproxyUnset
}

// rewrite says in flags what arguments in the way of dig, host or nslookup
// mean; false when that is not plain.
func rewrite(args []string) (string, bool) {
	var question, options []string
	var server, port string
	seen := map[string]bool{}
	for _, arg := range args {
		kind, value := classify(arg)
		if kind == "" || kind != digFlag && seen[kind] {
			return "", false
		}
		seen[kind] = true
		switch kind {
		case serverWord:
			server = value
		case portWord:
			port = value
		case digFlag:
			if value != "" {
				options = append(options, value)
			}
		default:
			question = append(question, kind+" "+value)
		}
	}
	if server == "" {
		return "", false
	}
	if port != "" {
		ip, err := netip.ParseAddr(server)
		if err != nil {
			return "", false
		}
		n, _ := strconv.ParseUint(port, 10, 16)
		server = netip.AddrPortFrom(ip, uint16(n)).String()
	}
	return strings.Join(append(append(question, options...), server), " "), true
}

// What a word can be, besides the flag that it would take here.
const (
	serverWord = "server"
	portWord   = "port"
	digFlag    = "option"
)

// classify says what a word of dig's command line is and how it is written here.
func classify(arg string) (kind, value string) {
	if option, ok := strings.CutPrefix(arg, "+"); ok {
		if flag, known := digOption(option); known {
			return digFlag, flag
		}
		return "", ""
	}
	if at, ok := strings.CutPrefix(arg, "@"); ok {
		if s, ok := address(at); ok {
			return serverWord, s
		}
		return serverWord, "ADDRESS (the server's, for its name would need the DNS that is being checked)"
	}
	if s, ok := address(arg); ok {
		return serverWord, s
	}
	if n, err := strconv.ParseUint(arg, 10, 16); err == nil && n > 0 {
		return portWord, arg
	}
	if _, err := parseType(arg); err == nil {
		return "--type", arg
	}
	if _, err := parseClass(arg); err == nil {
		return "--class", arg
	}
	if _, err := parseName(arg); err == nil {
		return "--name", arg
	}
	return "", ""
}

// address reads an address with or without a port, which dnsmasq and dig write
// behind # and unbound behind @.
func address(s string) (string, bool) {
	if ip, err := netip.ParseAddr(withoutBrackets(s)); err == nil {
		return ip.String(), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.String(), true
	}
	if i := strings.LastIndexAny(s, "#@"); i >= 0 {
		ip, err := netip.ParseAddr(s[:i])
		port, portErr := strconv.ParseUint(s[i+1:], 10, 16)
		if err == nil && portErr == nil {
			return netip.AddrPortFrom(ip, uint16(port)).String(), true
		}
	}
	return "", false
}

// serverError explains a word that is no server.
func serverError(s string) error {
	if s == "help" || s == "version" {
		return fmt.Errorf("server %q: write --%[1]s", s)
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		return urlError(s, scheme, rest)
	}
	if option, ok := strings.CutPrefix(s, "+"); ok {
		flag, known := digOption(option)
		switch {
		case !known:
			return fmt.Errorf("%q is an option of dig; see lvsdns-check --help for the flag that does it", s)
		case flag == "":
			return fmt.Errorf("%q is an option of dig; leave it out", s)
		}
		return fmt.Errorf("%q is an option of dig; write %s", s, flag)
	}
	if better, ok := address(strings.TrimPrefix(s, "@")); ok {
		return fmt.Errorf("server %q: write %s", s, better)
	}
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return fmt.Errorf("server %q is a network; write %s", s, prefix.Addr())
	}
	return fmt.Errorf("server %q is no IP address, or has no valid port; write 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53 (a host name would need the DNS that is being checked)", s)
}

// urlError takes a URL apart into flags.
func urlError(s, scheme, rest string) error {
	var t checker.Transport
	switch scheme {
	case "https", "h3":
		t = checker.HTTPS
	case "tls", "dot":
		t = checker.TLS
	case "tcp":
		t = checker.TCP
	case "udp", "dns":
		t = checker.UDP
	default:
		return fmt.Errorf("server %q is a URL; write the server's address, and --transport https for DNS over HTTPS", s)
	}
	rest, _, _ = strings.Cut(rest, "{") // the rest of a URI template (RFC 8484 section 4.1.1)
	host, path, hasPath := strings.Cut(rest, "/")
	flags := "--transport " + t.String()
	if hasPath && t == checker.HTTPS && path != "dns-query" {
		flags += " --https-path /" + path
	}
	if at, ok := address(host); ok {
		return fmt.Errorf("server %q is a URL; write %s %s", s, flags, at)
	}
	if t.Encrypted() {
		flags += " --tls-name " + strings.SplitN(host, ":", 2)[0]
	}
	return fmt.Errorf("server %q is a URL; write %s ADDRESS, with the address of that host", s, flags)
}
