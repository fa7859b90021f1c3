package main

// program is what a page says besides the help of its program.
type program struct {
	name, section string
	brief         string
	aka           []string // programs beside it that are started by it alone: their pages are this one
	exit          string   // unless the help has it
	files         []entry  // besides those that flags name
	examples      []entry
	settings      string // the file of packaging/ with its settings, which has a page of its own
	seeAlso       []string
}

// entry is a thing and what is said of it.
type entry struct{ what, text string }

var programs = []program{
	{
		name: "lvsdns-check", section: "1", aka: []string{"lvsdns-check-tls"},
		brief: "is this name server fit to serve?",
		exit: "By --exit-mode. In the modes misc and misc-dynamic nothing but a pass ends with 0, and nothing but a pass ends above 1: " +
			"a bad flag, --help, a signal and a crash all end with 1 or by a signal, which keepalived takes for a failure. " +
			"The mode nagios ends with 3 when there is no verdict.",
		files: []entry{
			{"lvsdns-check-tls", "stands beside lvsdns-check, which becomes it for --transport tls and https."},
		},
		examples: []entry{
			{`lvsdns-check --name example.com --transport both 192.0.2.53`, "Ask over UDP and TCP; both must work."},
			{`lvsdns-check --name www.example.com --type A --answer '(?i)^www[.]example[.]com[.] IN A 192[.]0[.]2[.]1$' 192.0.2.53`,
				"Insist on one address."},
			{`lvsdns-check --question "example.com SOA" --question "example.org SOA" --quorum 1 192.0.2.53`, "One of two zones is enough."},
			{`lvsdns-check --exit-mode misc-dynamic --weight-by latency:5ms=100,200ms=10 --timeout 1s 192.0.2.53`,
				"In keepalived.conf, as misc_path of a MISC_CHECK with misc_dynamic: a slow server gets less."},
			{`lvsdns-check --exit-mode nagios --output nagios --max-latency 100ms 192.0.2.53`, "As a plugin of Nagios or Icinga."},
		},
		seeAlso: []string{"lvsdns-exporter(8)", "keepalived.conf(5)", "dig(1)"},
	},
	{
		name: "lvsdns", section: "8",
		brief: "what does this director do, and is it what was ordered?",
		exit:  "Each command says below what its status means; 1 is an error.",
		examples: []entry{
			{`lvsdns drift`, "Compare keepalived.conf with the kernel."},
			{`lvsdns drift --signal --output json`, "Ask keepalived too, and print JSON."},
			{`lvsdns flows --delete 192.0.2.53:53`, "Forget the UDP flows of one virtual server that lead to a real server which is gone."},
			{`lvsdns nft --ports 53,5353`, `Print rules that count DNS packets; "nft -f -" loads them.`},
		},
		seeAlso: []string{"lvsdns-exporter(8)", "ipvsadm(8)", "conntrack(8)", "nft(8)"},
	},
	{
		name: "lvsdns-exporter", section: "8",
		brief:    "metrics of IPVS, keepalived, DNS traffic and checks for Prometheus",
		exit:     "0 when it was told to end, 1 when something is wrong, 2 for a bad command line or settings file.",
		settings: "exporter.yaml",
		examples: []entry{
			{`lvsdns-exporter check-config`, "Are the settings right? Nothing is served."},
			{`lvsdns-exporter --web.listen-address 127.0.0.1:9741 --metrics.detail service`, "Serve this host alone, without real servers."},
			{`systemctl reload lvsdns-exporter.service`, "Read the settings anew."},
		},
		seeAlso: []string{"lvsdns-exporter.yaml(5)", "lvsdns-check(1)", "lvsdns(8)", "prometheus(1)"},
	},
	{
		name: "lvsdns-fallback", section: "8",
		brief:    "programs IPVS from keepalived.conf when keepalived cannot",
		exit:     "Of run and check-config: 0 when all is well, 1 for an error. The other commands say below what theirs means.",
		settings: "fallback.yaml",
		examples: []entry{
			{`lvsdns-fallback plan`, "Which writes would be needed? Nothing is written."},
			{`lvsdns-fallback run --dry-run`, "Run the checks beside keepalived and say what would be written."},
			{`lvsdns-fallback hand-back --start`, "Give the table back: start keepalived and watch it."},
		},
		seeAlso: []string{"lvsdns-fallback.yaml(5)", "lvsdns(8)", "keepalived(8)", "ipvsadm(8)"},
	},
	{
		name: "lvsdns-notify", section: "8", aka: []string{"lvsdns-notify-act"},
		brief:    "keepalived's hook: looks which addresses this host holds, and acts on that",
		settings: "notify.yaml",
		files: []entry{
			{"/var/lib/lvsdns/notify.journal", "is the journal: lvsdns-notify show prints it."},
			{"lvsdns-notify-act", "stands beside lvsdns-notify, which becomes it for commands and actions."},
		},
		examples: []entry{
			{`lvsdns-notify show`, "What happened, and what was done about it?"},
			{`lvsdns-notify check-config`, "Are the settings right?"},
			{`lvsdns-notify fifo --vrrp /run/lvsdns/vrrp.fifo --lvs /run/lvsdns/lvs.fifo`,
				"Read keepalived's FIFOs, as lvsdns-notify-fifo.service does."},
		},
		seeAlso: []string{"lvsdns-notify.yaml(5)", "keepalived.conf(5)", "lvsdns-exporter(8)"},
	},
}
