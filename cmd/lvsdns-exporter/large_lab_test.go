//go:build lab && (bench || prove)

package main_test

import (
	"fmt"
	"strings"
)

// bigTable is what ipvsadm -R takes for a large director.
func bigTable(services, servers int) []string {
	var rules []string
	for i := range services {
		service := fmt.Sprintf("10.1.%d.%d:53", i/250, i%250+1)
		rules = append(rules, "-A -u "+service+" -s wrr")
		for j := range servers {
			k := i*servers + j
			rules = append(rules, fmt.Sprintf("-a -u %s -r 10.2.%d.%d:53 -g -w 1", service, k/250, k%250+1))
		}
	}
	return rules
}

func seriesCount(page, prefix string) int {
	return strings.Count("\n"+page, "\n"+prefix)
}
