// Command bare-miekg sends one query and reads one reply, and does nothing else: the least that a
// Go program with the DNS library of lvsdns-check can cost.
package main

import (
	"os"

	"github.com/miekg/dns"
)

func main() {
	query := new(dns.Msg)
	query.SetQuestion("example.com.", dns.TypeSOA)
	reply, err := dns.Exchange(query, os.Args[1])
	if err != nil || reply.Rcode != dns.RcodeSuccess {
		os.Exit(1)
	}
}
