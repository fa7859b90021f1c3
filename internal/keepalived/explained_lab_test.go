//go:build lab

package keepalived_test

import "strings"

// explanation is a difference between this package and keepalived that stays,
// with its reason.
type explanation struct {
	file    string // of the configuration
	version string // of keepalived; empty: all
	what    string // table, complaints or belief
	line    string // a part of it, with + or - before
	why     string
}

func explanations() []explanation {
	const (
		refused = "the kernel refuses it; Desired has what keepalived asks for, so that the loss shows"
		script  = "keepalived drops the checker because its script is not on this host"
		process = "only the VRRP process reads this, and the test does not start it"
	)
	return []explanation{
		{"families.conf", "", "table", "+ -a -u [2001:db8::53]:53 -r [::ffff:10.0.0.1]", refused},
		{"thresholds.conf", "", "table", "+ -a -u 192.0.2.1:53 -r 10.0.0.4:53", refused},
		{
			"thresholds.conf", "", "table", "+ -a -u 192.0.2.1:53 -r 10.0.0.2:53",
			"newer kernels (6.1.192, not 6.1.176) refuse a threshold of 2^32-1; Desired has what keepalived asks for",
		},
		{"schedulers.conf", "", "table", "-u 192.0.2.14:53", "the lab's kernel has no scheduler twos"},
		{"vrrp-wrong.conf", "", "complaints", "+ vrrp-wrong.conf:", process},
		{
			"addresses.conf", "2.3", "complaints", "- addresses.conf:50",
			"keepalived 2.3 says at the end of the block that it has no real servers, the note says it at the start",
		},
		{"sequences-lost.conf", "2.3", "complaints", "- sequences-lost.conf:7", "as for addresses.conf"},
		{
			"scripts.conf", "2.3", "belief", "MISC_CHECK",
			"keepalived 2.3 drops the checker because \"/usr/bin/true one\" is one word to it, and no file",
		},
		{"keepalived.conf.misc_check", "", "belief", "+ tcp 10.10.10.2:1358 > 192.168.200.6:1358: MISC_CHECK", script},
		{"keepalived.conf.misc_check_arg", "", "belief", "+ tcp 10.10.10.2:1358 > 192.168.200.6:1358: MISC_CHECK", script},
	}
}

func explained(file, version, what, line string) string {
	for _, e := range explanations() {
		if e.file == file && e.what == what && strings.HasPrefix(version, e.version) && strings.Contains(line, e.line) {
			return e.why
		}
	}
	return ""
}
