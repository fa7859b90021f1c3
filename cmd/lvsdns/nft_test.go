package main

import (
	"bytes"
	"strings"
	"testing"
)

const nftProc = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
UDP  C0000201:0035 wrr  
  -> C6336415:0035      Route   1      0          0         
TCP  C0000201:0035 wrr  
  -> C6336415:0035      Masq    1      0          0         
UDP  C0000202:0000 wrr  
  -> C6336415:0000      Masq    1      0          0         
TCP  C0000203:0050 wrr  
FWM  00000007 wrr  
  -> C6336415:0035      Masq    1      0          0         
`

// TestNFT: counters of all virtual servers for DNS, and of responses only where all of them pass the director.
func TestNFT(t *testing.T) {
	root := tree(t, map[string]string{"proc/net/ip_vs": nftProc})
	for _, tt := range []struct {
		args      []string
		counters  string
		wantError string
	}{
		{nil, "udp_query_192.0.2.1_53 tcp_query_192.0.2.1_53 udp_query_192.0.2.2_53 tcp_query_192.0.2.2_53 udp_response_192.0.2.2_53 tcp_response_192.0.2.2_53", ""},
		{[]string{"--ports", "80", "--service", "[2001:db8::7]:53"}, "udp_query_192.0.2.2_80 tcp_query_192.0.2.2_80 udp_response_192.0.2.2_80 tcp_response_192.0.2.2_80 " +
			"udp_query_192.0.2.3_80 tcp_query_192.0.2.3_80 udp_response_192.0.2.3_80 tcp_response_192.0.2.3_80 udp_query_2001-db8--7_53 tcp_query_2001-db8--7_53", ""},
		{[]string{"--ports", "0"}, "", "ports such as 53,5353"},
		{[]string{"--service", "192.0.2.1"}, "", "ADDRESS:PORT"},
		{[]string{"192.0.2.1"}, "", "--service"},
	} {
		var out, errs bytes.Buffer
		status := run(t.Context(), append([]string{"nft", "--root", root}, tt.args...), &out, &errs)
		var counters []string
		for line := range strings.Lines(out.String()) {
			if words := strings.Fields(line); len(words) == 4 && words[0] == "counter" {
				counters = append(counters, words[1])
			}
		}
		if got := strings.Join(counters, " "); got != tt.counters || (status != 0) != (tt.wantError != "") || !strings.Contains(errs.String(), tt.wantError) {
			t.Errorf("%q: status %d, %s\n%s", tt.args, status, got, errs.String())
		}
	}
	var out, errs bytes.Buffer
	empty := tree(t, map[string]string{"proc/net/ip_vs": nftProc[:strings.Index(nftProc, "UDP")]})
	if status := run(t.Context(), []string{"nft", "--root", empty}, &out, &errs); status != 1 || out.Len() > 0 || !strings.Contains(errs.String(), "no virtual server") {
		t.Errorf("an empty table: status %d, %s%s", status, out.String(), errs.String())
	}
}
