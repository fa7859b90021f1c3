package command

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/checker/exit"
	"github.com/miekg/dns"
)

func noEnv(string) string { return "" }

// defaults is what "lvsdns-check 192.0.2.1" means.
func defaults() Command {
	return Command{
		Check: checker.Check{
			Server:    netip.MustParseAddrPort("192.0.2.1:53"),
			Questions: []checker.Question{{Name: ".", Type: dns.TypeSOA, Class: dns.ClassINET, Rcodes: []int{dns.RcodeSuccess}}},
			Ask:       checker.Ask{EDNSSize: 1232},
			Timeout:   2 * time.Second, Attempts: 2,
			Spelling: spelling(),
		},
		Socket: "/run/lvsdns/check.sock",
		TLS:    TLSOptions{Path: "/dns-query", Spelling: spelling()},
	}
}

func TestParse(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("c2VjcmV0"), 0o600); err != nil {
		t.Fatal(err)
	}
	question := func(name string, qtype uint16, rcodes ...int) checker.Question {
		return checker.Question{Name: name, Type: qtype, Class: dns.ClassINET, Rcodes: rcodes}
	}
	for args, change := range map[string]func(c *Command){
		"192.0.2.1":             func(*Command) {},
		"192.0.2.1:53":          func(*Command) {},
		"[192.0.2.1]":           func(*Command) {},
		"192.0.2.1:5353":        func(c *Command) { c.Check.Server = netip.MustParseAddrPort("192.0.2.1:5353") },
		"2001:db8::1":           func(c *Command) { c.Check.Server = netip.MustParseAddrPort("[2001:db8::1]:53") },
		"[2001:db8::1]":         func(c *Command) { c.Check.Server = netip.MustParseAddrPort("[2001:db8::1]:53") },
		"[2001:db8::1]:5353":    func(c *Command) { c.Check.Server = netip.MustParseAddrPort("[2001:db8::1]:5353") },
		"fe80::1%eth0":          func(c *Command) { c.Check.Server = netip.MustParseAddrPort("[fe80::1%eth0]:53") },
		"[fe80::1%eth0]:54":     func(c *Command) { c.Check.Server = netip.MustParseAddrPort("[fe80::1%eth0]:54") },
		"::ffff:192.0.2.1":      func(*Command) {},
		"[::ffff:192.0.2.1]:53": func(*Command) {},

		// Flags before and after the server, with one dash or two, with = or without.
		"--name example.com 192.0.2.1 --type A": func(c *Command) { c.Check.Questions = []checker.Question{question("example.com.", dns.TypeA, 0)} },
		"192.0.2.1 -name=example.com -type=A":   func(c *Command) { c.Check.Questions = []checker.Question{question("example.com.", dns.TypeA, 0)} },
		"--timeout 1s 192.0.2.1 --timeout 3s":   func(c *Command) { c.Check.Timeout = 3 * time.Second },

		"192.0.2.1 --class CH --type TXT --name version.bind": func(c *Command) {
			c.Check.Questions = []checker.Question{{Name: "version.bind.", Type: dns.TypeTXT, Class: dns.ClassCHAOS, Rcodes: []int{0}}}
		},
		"192.0.2.1 --rcode NOERROR,NXDOMAIN": func(c *Command) { c.Check.Questions[0].Rcodes = []int{0, 3} },
		"192.0.2.1 --question example.com|A --question gone.example.com|A|NXDOMAIN --quorum 1": func(c *Command) {
			c.Check.Questions = []checker.Question{question("example.com.", dns.TypeA, 0), question("gone.example.com.", dns.TypeA, 3)}
			c.Check.Quorum = 1
		},
		"192.0.2.1 --question example.com|A --rcode REFUSED": func(c *Command) {
			c.Check.Questions = []checker.Question{question("example.com.", dns.TypeA, 5)}
		},
		"192.0.2.1 --transport tcp":  func(c *Command) { c.Check.Transport = checker.TCP },
		"192.0.2.1 --transport both": func(c *Command) { c.Check.Transport = checker.Both },
		"192.0.2.1 --transport tls": func(c *Command) {
			c.Check.Transport, c.Check.Server = checker.TLS, netip.MustParseAddrPort("192.0.2.1:853")
		},
		"192.0.2.1 --transport https": func(c *Command) {
			c.Check.Transport, c.Check.Server = checker.HTTPS, netip.MustParseAddrPort("192.0.2.1:443")
		},
		"192.0.2.1:8530 --transport tls --tls-name dns.example --tls-ca ca.pem --tls-insecure": func(c *Command) {
			c.Check.Transport, c.Check.Server = checker.TLS, netip.MustParseAddrPort("192.0.2.1:8530")
			c.TLS.Name, c.TLS.CAFile, c.TLS.Insecure = "dns.example", "ca.pem", true
		},
		"192.0.2.1 --transport https --https-path /q": func(c *Command) {
			c.Check.Transport, c.Check.Server, c.TLS.Path = checker.HTTPS, netip.MustParseAddrPort("192.0.2.1:443"), "/q"
		},
		"192.0.2.1 --min-answers 2": func(c *Command) { c.Check.Expect.MinAnswers = 2 },
		"192.0.2.1 --answer a --answer b$": func(c *Command) {
			c.Check.Expect.Answer = []*regexp.Regexp{regexp.MustCompile("a"), regexp.MustCompile("b$")}
		},
		"192.0.2.1 --require aa,ra --forbid ad": func(c *Command) { c.Check.Expect.Require, c.Check.Expect.Forbid = checker.AA|checker.RA, checker.AD },
		"192.0.2.1 --no-recurse":                func(c *Command) { c.Check.Ask.NoRecurse = true },
		"192.0.2.1 --no-edns":                   func(c *Command) { c.Check.Ask.NoEDNS = true },
		"192.0.2.1 --edns-size 4096":            func(c *Command) { c.Check.Ask.EDNSSize = 4096 },
		"192.0.2.1 --dnssec":                    func(c *Command) { c.Check.Ask.DNSSEC = true },
		"192.0.2.1 --dnssec=false":              func(*Command) {},
		"192.0.2.1 --subnet 198.51.100.0/24":    func(c *Command) { c.Check.Ask.Subnet = netip.MustParsePrefix("198.51.100.0/24") },
		"192.0.2.1 --subnet 2001:db8::/56":      func(c *Command) { c.Check.Ask.Subnet = netip.MustParsePrefix("2001:db8::/56") },
		"192.0.2.1 --nsid dns1":                 func(c *Command) { c.Check.Ask.NSID, c.Check.Expect.NSID = true, "dns1" },
		"192.0.2.1 --tsig k:hmac-sha256:" + key: func(c *Command) {
			c.Check.Ask.TSIG, _ = readTSIGKey("k:hmac-sha256:" + key)
			c.SecretFile = key
		},
		"192.0.2.1 --timeout 500ms --attempts 1 --max-latency 100ms": func(c *Command) {
			c.Check.Timeout, c.Check.Attempts, c.Check.Expect.MaxLatency = 500*time.Millisecond, 1, 100*time.Millisecond
		},
		"192.0.2.1 --max-latency 2s": func(c *Command) { c.Check.Expect.MaxLatency = 2 * time.Second },
		"192.0.2.1 --source 192.0.2.9 --interface eth0 --mark 0x1f": func(c *Command) {
			c.Check.From = checker.From{Source: netip.MustParseAddr("192.0.2.9"), Interface: "eth0", Mark: 31}
		},
		"192.0.2.1 --source ::ffff:192.0.2.9": func(c *Command) { c.Check.From.Source = netip.MustParseAddr("192.0.2.9") },
		"192.0.2.1 --path rip":                func(*Command) {},
		"192.0.2.1 --exit-mode nagios":        func(c *Command) { c.Mode = exit.Nagios },
		"192.0.2.1 --exit-mode misc-dynamic --weight-by latency:5ms=100,200ms=10": func(c *Command) {
			c.Mode = exit.MiscDynamic
			c.Check.WeightBy = &checker.LatencyWeight{Fast: 5 * time.Millisecond, FastWeight: 100, Slow: 200 * time.Millisecond, SlowWeight: 10}
		},
		"192.0.2.1 --output-file /x --exporter-socket=": func(c *Command) { c.OutputFile, c.Socket = "/x", "" },
	} {
		t.Run(args, func(t *testing.T) {
			words := strings.Fields(args)
			for i := range words {
				words[i] = strings.ReplaceAll(words[i], "|", " ")
			}
			got, err := Parse(words, noEnv)
			if err != nil {
				t.Fatal(err)
			}
			if got.Format == nil {
				t.Error("no format")
			}
			got.Format = nil
			want := defaults()
			change(&want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
		})
	}
}

// Each message names the flag, what is wrong with it, and the way out.
func TestParseRefuses(t *testing.T) {
	const addressForm = "; write 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53 (a host name would need the DNS that is being checked)"
	for args, want := range map[string]string{
		"":                          "no SERVER given; the form is lvsdns-check [flags] SERVER[:PORT] (in keepalived.conf put all of misc_path in quotes, it drops the rest of the line otherwise)",
		"192.0.2.1 192.0.2.2":       `one SERVER at a time, not "192.0.2.1" and "192.0.2.2"; quote a value that has spaces in it`,
		"--answer a b 192.0.2.1":    `one SERVER at a time, not "b" and "192.0.2.1"; quote a value that has spaces in it`,
		"ns1.example.com":           `server "ns1.example.com" is no IP address, or has no valid port` + addressForm,
		"192.0.2.1:":                `server "192.0.2.1:" is no IP address, or has no valid port` + addressForm,
		"192.0.2.1:65536":           `server "192.0.2.1:65536" is no IP address, or has no valid port` + addressForm,
		"192.0.2.1:dns":             `server "192.0.2.1:dns" is no IP address, or has no valid port` + addressForm,
		"192.0.2.256":               `server "192.0.2.256" is no IP address, or has no valid port` + addressForm,
		"192.0.2.1:0":               `server "192.0.2.1:0": port 0 is no port; use 53, or leave it out`,
		"@192.0.2.1":                `server "@192.0.2.1": write 192.0.2.1`,
		"192.0.2.1#5353":            `server "192.0.2.1#5353": write 192.0.2.1:5353`,
		"--nosuch 192.0.2.1":        "--nosuch: there is no such flag; see lvsdns-check --help",
		"-nosuch=1 192.0.2.1":       "--nosuch: there is no such flag; see lvsdns-check --help",
		"192.0.2.1 --vip 192.0.2.9": "--vip: there is no such flag; see lvsdns-check --help",
		"---name 192.0.2.1":         "bad flag syntax: ---name; see lvsdns-check --help",
		"192.0.2.1 --name":          "--name: its value is missing",

		"192.0.2.1 --name A":                                     `--name: name "A" is a record type; put the name first (--name NAME --type A), or write "A." if that is its name`,
		"192.0.2.1 --name localhost":                             `--name: name "localhost" has no dot; write the whole name (localhost.example.com), or "localhost." if it is a top-level name`,
		"192.0.2.1 --name=":                                      `--name: the name is empty; write "." for the root, or a name such as example.com`,
		"192.0.2.1 --type example.com":                           `--type: "example.com" is no record type; use for example SOA, A, AAAA, NS or TXT`,
		"192.0.2.1 --class INET":                                 `--class: "INET" is no class; use IN, or CH for names such as version.bind`,
		"192.0.2.1 --rcode OK":                                   `--rcode: "OK" is no rcode; use for example NOERROR, NXDOMAIN or REFUSED`,
		"192.0.2.1 --question example.com":                       `--question: question "example.com" needs a name and a type; write it as "NAME TYPE [RCODE…]"`,
		"192.0.2.1 --question example.com|A --name example.com":  `--question and --name or --type exclude each other; put all in --question "NAME TYPE"`,
		"192.0.2.1 --question example.com|A --type A":            `--question and --name or --type exclude each other; put all in --question "NAME TYPE"`,
		"192.0.2.1 --quorum 2":                                   "--quorum: 2 of 1 questions cannot pass; use 1 to 1",
		"192.0.2.1 --quorum 0":                                   "--quorum: 0 of 1 questions cannot pass; use 1 to 1",
		"192.0.2.1 --quorum 3 --question a.b|A --question c.d|A": "--quorum: 3 of 2 questions cannot pass; use 1 to 2",
		"192.0.2.1 --quorum two":                                 `--quorum: "two" is no whole number`,
		"192.0.2.1 --transport dot":                              `--transport: "dot" is no transport; use udp, tcp, both, tls or https`,
		"192.0.2.1 --path vip":                                   `--path: "vip" is not supported; only rip, the real server's own address, is`,
		"192.0.2.1 --min-answers -1":                             "--min-answers: -1 is below zero",
		"192.0.2.1 --min-answers many":                           `--min-answers: "many" is no whole number`,
		"192.0.2.1 --answer (":                                   "--answer: error parsing regexp: missing closing ): `(`",
		"192.0.2.1 --require tc":                                 `--require: "tc" is no header flag; use aa, ra, ad, rd or cd`,
		"192.0.2.1 --forbid aa;ra":                               `--forbid: "aa;ra" is no header flag; use aa, ra, ad, rd or cd`,
		"192.0.2.1 --require aa,ra --forbid ra,aa":               "--forbid: aa,ra is in --require too; leave it out of one",
		"192.0.2.1 --max-latency 100":                            `--max-latency: "100" has no unit; write 100s or 100ms`,
		"192.0.2.1 --max-latency 3s":                             "--max-latency: 3s is above --timeout 2s and never reached; lower it or raise --timeout",
		"192.0.2.1 --timeout 2":                                  `--timeout: "2" has no unit; write 2s or 2ms`,
		"192.0.2.1 --timeout 0s":                                 `--timeout: "0s" is not above zero`,
		"192.0.2.1 --timeout soon":                               `--timeout: "soon" is no duration; write for example 2s or 500ms`,
		"192.0.2.1 --attempts 0":                                 "--attempts: 0 tries ask nothing; use 1 or more",
		"192.0.2.1 --attempts -2":                                "--attempts: -2 tries ask nothing; use 1 or more",
		"192.0.2.1 --attempts 1.5":                               `--attempts: "1.5" is no whole number`,
		"192.0.2.1 --edns-size 511":                              "--edns-size: 511 is not from 512 to 65535 bytes",
		"192.0.2.1 --edns-size 65536":                            "--edns-size: 65536 is not from 512 to 65535 bytes",
		"192.0.2.1 --no-edns --dnssec":                           "--no-edns: --dnssec travels in EDNS; leave one of the two out",
		"192.0.2.1 --no-edns --nsid x":                           "--no-edns: --nsid travels in EDNS; leave one of the two out",
		"192.0.2.1 --no-edns --edns-size 1232":                   "--no-edns: --edns-size travels in EDNS; leave one of the two out",
		"192.0.2.1 --no-edns --subnet 192.0.2.0/24":              "--no-edns: --subnet travels in EDNS; leave one of the two out",
		"192.0.2.1 --subnet 192.0.2.1":                           `--subnet: "192.0.2.1" is no network; write for example 192.0.2.0/24`,
		"192.0.2.1 --subnet 192.0.2.0/33":                        `--subnet: "192.0.2.0/33" is no network; write for example 192.0.2.0/24`,
		"192.0.2.1 --tsig k":                                     `--tsig: "k" is not understood; write it as NAME:ALGORITHM:FILE, for example check.example.com:hmac-sha256:/etc/lvsdns/check.key`,
		"192.0.2.1 --tsig k:hmac-sha256:/nonexistent":            "--tsig: reading the TSIG secret: open /nonexistent: no such file or directory",
		"192.0.2.1 --source eth0":                                `--source: "eth0" is no IP address of this host`,
		"192.0.2.1 --source 2001:db8::1":                         "--source 2001:db8::1: the server 192.0.2.1 is of the other address family; use an address of the same",
		"2001:db8::1 --source 192.0.2.1":                         "--source 192.0.2.1: the server 2001:db8::1 is of the other address family; use an address of the same",
		"192.0.2.1 --mark 4294967296":                            "--mark: 4294967296 does not fit into 32 bits",
		"192.0.2.1 --mark -1":                                    `--mark: "-1" is no whole number`,
		"192.0.2.1 --tls-name x":                                 "--tls-name: means nothing over udp; add --transport tls or https",
		"192.0.2.1 --tls-ca x --transport tcp":                   "--tls-ca: means nothing over tcp; add --transport tls or https",
		"192.0.2.1 --tls-insecure":                               "--tls-insecure: means nothing over udp; add --transport tls or https",
		"192.0.2.1 --https-path /x":                              "--https-path: means nothing over udp; add --transport tls or https",
		"192.0.2.1 --dnssec=perhaps":                             `--dnssec: "perhaps" is neither true nor false`,
		"192.0.2.1 --exit-mode dynamic":                          `--exit-mode: "dynamic" is no exit mode; use misc, misc-dynamic, nagios or haproxy`,
		"192.0.2.1 --output xml":                                 `--output: "xml" is no format; use text, json, nagios, prometheus or none`,
		"192.0.2.1 --weight-by latency":                          `--weight-by: "latency" is not understood; write it as latency:FAST=WEIGHT,SLOW=WEIGHT, for example latency:5ms=100,200ms=10`,
		"192.0.2.1 --weight-by latency:5ms=100,200ms=10":         "--weight-by: only a MISC_CHECK with misc_dynamic takes a weight; add --exit-mode misc-dynamic",
	} {
		t.Run(args, func(t *testing.T) {
			words := strings.Fields(args)
			for i := range words {
				words[i] = strings.ReplaceAll(words[i], "|", " ")
			}
			got, err := Parse(words, noEnv)
			if err == nil || err.Error() != want {
				t.Errorf("\n got %v\nwant %s", err, want)
			}
			if !reflect.DeepEqual(got, Command{}) {
				t.Errorf("a command came with the error: %+v", got)
			}
		})
	}
}

func TestParseAsksForText(t *testing.T) {
	for args, want := range map[string]error{
		"--help": ErrHelp, "-h": ErrHelp, "-help": ErrHelp, "--version": ErrVersion,
		"--version --help": ErrHelp, "192.0.2.1 --type A --help": ErrHelp,
		"--help ns1 ns2 ns3": ErrHelp, // help even where the rest is wrong
	} {
		if _, err := Parse(strings.Fields(args), noEnv); !errors.Is(err, want) {
			t.Errorf("Parse(%s): %v, want %v", args, err, want)
		}
	}
}

// What HAProxy hands over: configuration.txt, "external-check command".
func TestParseHAProxy(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	const addr, port = "HAPROXY_SERVER_ADDR", "HAPROXY_SERVER_PORT"
	for _, c := range []struct {
		name string
		args string
		env  func(string) string
		want string // the server, or the error
	}{
		{"arguments", "198.51.100.1 53 192.0.2.1 5353", noEnv, "192.0.2.1:5353"},
		{"arguments before the environment", "198.51.100.1 53 192.0.2.1 5353", env(addr, "192.0.2.9", port, "54"), "192.0.2.1:5353"},
		{"IPv6", "2001:db8::9 53 2001:db8::1 5353", noEnv, "[2001:db8::1]:5353"},
		{"no port", "198.51.100.1 53 192.0.2.1 0", noEnv, "192.0.2.1:53"},
		{"port not used", "NOT_USED NOT_USED 192.0.2.1 NOT_USED", noEnv, "192.0.2.1:53"},
		{"port of TLS", "NOT_USED NOT_USED 192.0.2.1 0 --transport tls", noEnv, "192.0.2.1:853"},
		{"environment", "", env(addr, "192.0.2.1", port, "5353"), "192.0.2.1:5353"},
		{"environment, no port", "", env(addr, "192.0.2.1"), "192.0.2.1:53"},
		{"address not used, environment", "NOT_USED NOT_USED NOT_USED NOT_USED", env(addr, "192.0.2.1", port, "5353"), "192.0.2.1:5353"},
		{"a server by hand", "192.0.2.1:5353", env(addr, "192.0.2.9"), "192.0.2.1:5353"},
		{"nothing", "", noEnv, `HAProxy gave "" as the server's address; it must be an IP address`},
		{"a socket", "NOT_USED NOT_USED /run/dns.sock 0", noEnv, `HAProxy gave "/run/dns.sock" as the server's address; it must be an IP address`},
		{"any address", "", env(addr, "::"), `HAProxy gave "::" as the server's address, which stands for all addresses of a host; write one that the server listens on`},
		{"a group of hosts", "NOT_USED NOT_USED ff02::1 53", noEnv, `HAProxy gave "ff02::1" as the server's address, which is no address of a single host; write the server's own`},
		{"no number", "NOT_USED NOT_USED 192.0.2.1 domain", noEnv, `HAProxy gave "domain" as the server's port; it must be 1 to 65535`},
		{"too large", "NOT_USED NOT_USED 192.0.2.1 65536", noEnv, `HAProxy gave "65536" as the server's port; it must be 1 to 65535`},
		{"three arguments", "198.51.100.1 53 192.0.2.1", noEnv, `one SERVER at a time, not "198.51.100.1" and "53"; quote a value that has spaces in it`},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd, err := Parse(append([]string{"--exit-mode", "haproxy"}, strings.Fields(c.args)...), c.env)
			got := cmd.Check.Server.String()
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if _, err := Parse(strings.Fields("198.51.100.1 53 192.0.2.1 5353"), env(addr, "192.0.2.1")); err == nil {
		t.Error("HAProxy's arguments are taken without --exit-mode haproxy")
	}
}

// --help lists what there is, and nothing else.
func TestUsage(t *testing.T) {
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile(`--([a-z][a-z-]*)`).FindAllStringSubmatch(usage, -1) {
		listed[m[1]] = true
	}
	hidden := map[string]bool{
		"path": true, // one value so far
		"h":    true, // the short form of help
	}
	(&values{}).flagSet().VisitAll(func(f *flag.Flag) {
		if listed[f.Name] == hidden[f.Name] {
			t.Errorf("--%s: in the text of --help %v, to be hidden %v", f.Name, listed[f.Name], hidden[f.Name])
		}
		if !hidden[f.Name] && !regexp.MustCompile(`(?m)^  (--[a-z]+, )?--`+f.Name+`\b`).MatchString(usage) {
			t.Errorf("--%s has no line of its own in --help", f.Name)
		}
		delete(listed, f.Name)
		// A default that is not empty stands in the text as it is.
		if d := f.DefValue; d != "" && d != "false" && d != "0" && !hidden[f.Name] && f.Name != "exit-mode" {
			_, line, _ := strings.Cut(usage, "\n  --"+f.Name+" ")
			line, _, _ = strings.Cut(line, "\n  --")
			if !strings.Contains(line, "default "+d) && !strings.Contains(line, fmt.Sprintf("default %q", d)) {
				t.Errorf("--%s has the default %s and its text does not say so: %s", f.Name, d, line)
			}
		}
	})
	for name := range listed {
		t.Errorf("--%s stands in the text of --help and does not exist", name)
	}
	for line := range strings.Lines(usage) {
		if len(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("longer than a terminal is wide: %s", line)
		}
	}
}

func TestPeek(t *testing.T) {
	for args, want := range map[string]string{
		"":                                    "misc",
		"--exit-mode nagios":                  "nagios",
		"-exit-mode nagios":                   "nagios",
		"--exit-mode=nagios":                  "nagios",
		"-exit-mode=nagios":                   "nagios",
		"--exit-mode=":                        "",
		"--exit-mode":                         "misc", // its value is missing
		"exit-mode nagios":                    "misc", // no flag
		"--exit-modes nagios":                 "misc",
		"--nosuch --exit-mode nagios 1.2.3":   "nagios",
		"--exit-mode misc --exit-mode=nagios": "nagios",
	} {
		if got := peek(strings.Fields(args), "exit-mode", "misc"); got != want {
			t.Errorf("peek(%q) = %q, want %q", args, got, want)
		}
	}
}

func TestModeOf(t *testing.T) {
	for args, want := range map[string]exit.Mode{
		"": exit.Misc, "--exit-mode nagios --nosuch": exit.Nagios, "--exit-mode misc-dynamic": exit.MiscDynamic,
		"--exit-mode haproxy": exit.HAProxy, "--exit-mode nonsense": exit.Misc, "--exit-mode": exit.Misc,
	} {
		if got := ModeOf(strings.Fields(args)); got != want {
			t.Errorf("ModeOf(%q) = %s, want %s", args, got, want)
		}
	}
}
