package command

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What people write out of habit gets one line that says what to write here.
// What stands behind the last "write" of such a line is taken as it is, when
// it has an address in it.
func TestSlips(t *testing.T) {
	const (
		flags = "; see lvsdns-check --help"
		only  = ": only the server goes without a flag; write "
		port  = ": there is no such flag; write the port behind the server: 192.0.2.1:5353, or [2001:db8::1]:5353"
	)
	for args, want := range map[string]string{
		// dig, kdig, delv
		"@192.0.2.1":                                   `server "@192.0.2.1": write 192.0.2.1`,
		"@192.0.2.1 example.com SOA":                   `"@192.0.2.1 example.com SOA"` + only + `--name example.com --type SOA 192.0.2.1`,
		"@192.0.2.1 example.com":                       `"@192.0.2.1 example.com"` + only + `--name example.com 192.0.2.1`,
		"@2001:db8::1 version.bind CH TXT":             `"@2001:db8::1 version.bind CH TXT"` + only + `--name version.bind --class CH --type TXT 2001:db8::1`,
		"example.com A @192.0.2.1#5353":                `"example.com A @192.0.2.1#5353"` + only + `--name example.com --type A 192.0.2.1:5353`,
		"@192.0.2.1 example.com SOA +norec +tcp":       `"@192.0.2.1 example.com SOA +norec +tcp"` + only + `--name example.com --type SOA --no-recurse --transport tcp 192.0.2.1`,
		"@192.0.2.1 example.com +short":                `"@192.0.2.1 example.com +short"` + only + `--name example.com 192.0.2.1`,
		"@192.0.2.1 example.com +time=1 +tries=1":      `"@192.0.2.1 example.com +time=1 +tries=1"` + only + `--name example.com --timeout 1s --attempts 1 192.0.2.1`,
		"@192.0.2.1 example.com +bufsize=4096 +dnssec": `"@192.0.2.1 example.com +bufsize=4096 +dnssec"` + only + `--name example.com --edns-size 4096 --dnssec 192.0.2.1`,
		"@ns1.example.com example.com A":               `"@ns1.example.com example.com A"` + only + `--name example.com --type A ADDRESS (the server's, for its name would need the DNS that is being checked)`,
		"+short":                                       `"+short" is an option of dig; leave it out`,
		"+tcp":                                         `"+tcp" is an option of dig; write --transport tcp`,
		"+trace":                                       `"+trace" is an option of dig; see lvsdns-check --help for the flag that does it`,
		"@192.0.2.1 example.com +trace":                `one SERVER at a time, not "@192.0.2.1" and "example.com"; quote a value that has spaces in it`,
		"-x 192.0.2.1":                                 "-x: there is no such flag; ask for the reverse name, for 192.0.2.1 with --name 1.2.0.192.in-addr.arpa --type PTR",
		"-b 192.0.2.9 192.0.2.1":                       "-b: there is no such flag; write --source IP",
		"-4 192.0.2.1":                                 "-4: there is no such flag; leave it out: the server's address says which family it is",
		"-t A 192.0.2.1":                               "-t: there is no such flag; write --type TYPE, or --timeout D for a limit of time",
		"--name 192.0.2.1 --type PTR 192.0.2.1":        `--name: name "192.0.2.1" is an address; its PTR record has the name 1.2.0.192.in-addr.arpa (with --type PTR)`,
		"--name 192.0.2.1 192.0.2.1":                   `--name: name "192.0.2.1" is an address; its PTR record has the name 1.2.0.192.in-addr.arpa (with --type PTR)`,
		"--name 2001:db8::1 192.0.2.1":                 `--name: name "2001:db8::1" is an address; its PTR record has the name 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa (with --type PTR)`,
		"--name fe80::1%lo 192.0.2.1":                  `--name: name "fe80::1%lo" is an address; its PTR record has the name 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa (with --type PTR)`,
		"--question 192.0.2.1|PTR 192.0.2.1":           `--question: name "192.0.2.1" is an address; its PTR record has the name 1.2.0.192.in-addr.arpa (with --type PTR)`,
		// host, nslookup
		"example.com 192.0.2.1":     `"example.com 192.0.2.1"` + only + `--name example.com 192.0.2.1`,
		"192.0.2.1 example.com SOA": `"192.0.2.1 example.com SOA"` + only + `--name example.com --type SOA 192.0.2.1`,
		"192.0.2.1 53":              `"192.0.2.1 53"` + only + `192.0.2.1:53`,
		"2001:db8::1 5353":          `"2001:db8::1 5353"` + only + `[2001:db8::1]:5353`,
		"192.0.2.1:53 53":           `one SERVER at a time, not "192.0.2.1:53" and "53"; quote a value that has spaces in it`,
		"192.0.2.1 A AAAA":          `one SERVER at a time, not "192.0.2.1" and "A"; quote a value that has spaces in it`,
		"--dnssec true 192.0.2.1":   `"true": a flag that is a switch takes its value behind an equals sign; leave true out, or write --flag=true`,
		"192.0.2.1 --no-edns false": `"false": a flag that is a switch takes its value behind an equals sign; leave false out, or write --flag=false`,
		// HAProxy
		"198.51.100.1 53 192.0.2.1 53":     `"198.51.100.1 53 192.0.2.1 53" looks like what HAProxy hands to an external check; add --exit-mode haproxy`,
		"NOT_USED NOT_USED 2001:db8::1 53": `"NOT_USED NOT_USED 2001:db8::1 53" looks like what HAProxy hands to an external check; add --exit-mode haproxy`,
		// addresses
		"::1:53":                      `server "::1:53" can be read in two ways; write [::1]:53 for port 53, or [::1:53] for the address`,
		"2001:db8::21:853":            `server "2001:db8::21:853" can be read in two ways; write [2001:db8::21]:853 for port 853, or [2001:db8::21:853] for the address`,
		"fe80::1%lo:53":               `server "fe80::1%lo:53": an IPv6 address with a port takes brackets; write [fe80::1%lo]:53`,
		"1:2:3:4:5:6:7:8:53":          `server "1:2:3:4:5:6:7:8:53": an IPv6 address with a port takes brackets; write [1:2:3:4:5:6:7:8]:53`,
		"192.0.2.1@5353":              `server "192.0.2.1@5353": write 192.0.2.1:5353`,
		"2001:db8::1#5353":            `server "2001:db8::1#5353": write [2001:db8::1]:5353`,
		"192.0.2.1/24":                `server "192.0.2.1/24" is a network; write 192.0.2.1`,
		"[::1:53":                     `server "[::1:53" is no IP address, or has no valid port; write 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53 (a host name would need the DNS that is being checked)`,
		"[::1":                        `server "[::1" is no IP address, or has no valid port; write 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53 (a host name would need the DNS that is being checked)`,
		"::1]":                        `server "::1]" is no IP address, or has no valid port; write 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53 (a host name would need the DNS that is being checked)`,
		"0.0.0.0":                     `server "0.0.0.0" stands for all addresses of a host; write one that the server listens on`,
		"[::]:53":                     `server "[::]:53" stands for all addresses of a host; write one that the server listens on`,
		"255.255.255.255":             `server "255.255.255.255" is no address of a single host; write the server's own`,
		"ff02::fb%lo":                 `server "ff02::fb%lo" is no address of a single host; write the server's own`,
		"fe80::53":                    `server "fe80::53": fe80::53 is a link-local address, which each interface has its own of; write the interface behind it, as in fe80::53%eth0`,
		"fe80::53%nosuch":             `server "fe80::53%nosuch": this host has no interface nosuch; see ip link for those that it has`,
		"2001:db8::1%lo":              `server "2001:db8::1%lo": 2001:db8::1 is no link-local address; leave out %lo (--interface chooses an interface)`,
		"--source fe80::1 fe80::2%lo": `--source fe80::1: fe80::1 is a link-local address, which each interface has its own of; write the interface behind it, as in fe80::1%eth0`,
		// URLs
		"https://192.0.2.1/dns-query":         `server "https://192.0.2.1/dns-query" is a URL; write --transport https 192.0.2.1`,
		"https://192.0.2.1:8443/q{?dns}":      `server "https://192.0.2.1:8443/q{?dns}" is a URL; write --transport https --https-path /q 192.0.2.1:8443`,
		"https://dns.example/dns-query{?dns}": `server "https://dns.example/dns-query{?dns}" is a URL; write --transport https --tls-name dns.example ADDRESS, with the address of that host`,
		"tls://[2001:db8::1]:853":             `server "tls://[2001:db8::1]:853" is a URL; write --transport tls [2001:db8::1]:853`,
		"udp://192.0.2.1":                     `server "udp://192.0.2.1" is a URL; write --transport udp 192.0.2.1`,
		"http://192.0.2.1/":                   `server "http://192.0.2.1/" is a URL; write the server's address, and --transport https for DNS over HTTPS`,
		// flags of other programs
		"-V":                       "-V: there is no such flag; write --version",
		"-?":                       "-?: there is no such flag; write --help",
		"help":                     `server "help": write --help`,
		"version":                  `server "version": write --version`,
		"-p 53 192.0.2.1":          "-p" + port,
		"-p53 192.0.2.1":           "-p53" + port,
		"-p=53 192.0.2.1":          "-p" + port,
		"--port 53 192.0.2.1":      "--port" + port,
		"--server 192.0.2.1":       "--server: there is no such flag; write the server without a flag: lvsdns-check [flags] SERVER[:PORT]",
		"-H 192.0.2.1":             "-H: there is no such flag; write the server without a flag: lvsdns-check [flags] SERVER[:PORT]",
		"--tcp 192.0.2.1":          "--tcp: there is no such flag; write --transport tcp",
		"--doh 192.0.2.1":          "--doh: there is no such flag; write --transport https",
		"--retries 3 192.0.2.1":    "--retries: there is no such flag; write --attempts N",
		"--expected-address 1 ::1": "--expected-address: there is no such flag; write --answer REGEXP",
		"--json 192.0.2.1":         "--json: there is no such flag; write --output json",
		"--nosuch 192.0.2.1":       "--nosuch: there is no such flag" + flags,
		"-Z 192.0.2.1":             "-Z: there is no such flag" + flags,
	} {
		t.Run(args, func(t *testing.T) {
			_, err := Parse(words(args), noEnv)
			if err == nil || err.Error() != want {
				t.Fatalf("\n got %v\nwant %s", err, want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Error("more than one line")
			}
		})
	}
}

func words(args string) []string {
	list := strings.Fields(args)
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "|", " ")
	}
	return list
}

// A line that gives a whole command line must not send anybody round in a
// circle.
func TestSlipsAreMended(t *testing.T) {
	better := regexp.MustCompile(`write ([^;]*[0-9:]\]?)(?: for port.*)?$`)
	for _, args := range []string{
		"@192.0.2.1", "@192.0.2.1 example.com SOA", "@2001:db8::1 version.bind CH TXT", "example.com A @192.0.2.1#5353",
		"@192.0.2.1 example.com +time=1 +tries=1 +bufsize=4096 +dnssec +tcp", "@192.0.2.1 example.com +norec +subnet=192.0.2.0/24 +https",
		"192.0.2.1 53", "2001:db8::1 5353", "192.0.2.1@5353", "192.0.2.1/24", "::1:53", "fe80::1%lo:53", "1:2:3:4:5:6:7:8:53",
		"https://192.0.2.1:8443/q{?dns}", "tls://[2001:db8::1]:853", "udp://192.0.2.1",
	} {
		_, err := Parse(words(args), noEnv)
		if err == nil {
			t.Errorf("%s is taken", args)
			continue
		}
		m := better.FindStringSubmatch(err.Error())
		if m == nil {
			t.Errorf("%s: %v: nothing to write instead", args, err)
			continue
		}
		if _, err := Parse(words(m[1]), noEnv); err != nil {
			t.Errorf("%s: told to write %q, which is refused: %v", args, m[1], err)
		}
	}
}

// A slip is a flag that does not exist, and its mend names flags that do.
func TestFlagSlips(t *testing.T) {
	fs := (&values{}).flagSet()
	named := regexp.MustCompile(`--([a-z-]+)`)
	for _, s := range slices.Concat(flagSlips(), digOptions()) {
		for _, m := range named.FindAllStringSubmatch(s.mend, -1) {
			if fs.Lookup(m[1]) == nil {
				t.Errorf("%s: %s: there is no --%s", s.names, s.mend, m[1])
			}
		}
	}
	seen := map[string]bool{}
	for _, s := range flagSlips() {
		for name := range strings.FieldsSeq(s.names) {
			if fs.Lookup(name) != nil || seen[name] {
				t.Errorf("%s is a flag, or here twice", name)
			}
			seen[name] = true
		}
	}
}

// The pattern that --help shows matches its record alone, in any case.
func TestUsageAnswer(t *testing.T) {
	m := regexp.MustCompile(`'(\(\?i\).*)'`).FindStringSubmatch(usage)
	if m == nil {
		t.Fatal("--help shows no pattern")
	}
	pattern := regexp.MustCompile(m[1])
	for text, want := range map[string]bool{
		"www.example.com. IN A 192.0.2.1":       true,
		"WWW.Example.COM. IN A 192.0.2.1":       true,
		"www.example.com. IN A 192.0.2.10":      false,
		"www.example.com. IN A 192.0.251":       false,
		"my.www.example.com. IN A 192.0.2.1":    false,
		"www-example.com. IN A 192.0.2.1":       false,
		"www.example.com. IN TXT \"192.0.2.1\"": false,
	} {
		if got := pattern.MatchString(text); got != want {
			t.Errorf("%s: %s: %v, want %v", m[1], text, got, want)
		}
	}
}
