package main

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lvsdns/lvsdns/internal/flows/show"
	"github.com/lvsdns/lvsdns/internal/flowtest"
)

// flowTable is an IPVS table with a real server, one with weight 0 and a virtual server of IPv6.
const flowTable = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
UDP  C0000201:0035 wrr  
  -> C6336415:0035      Masq    10     0          0         
  -> C6336416:0035      Masq    0      0          0         
UDP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0035 wrr  
  -> [2001:0db8:0001:0000:0000:0000:0000:0021]:0035      Masq    10     0          0         
TCP  C0000201:0035 wrr  
`

// flowConnections has a flow to each of them, one to a removed server that conntrack knows too, one that only IPVS knows,
// a TCP connection to it, a template of persistence, and a flow to somebody else.
const flowConnections = `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
UDP 0A000001 03E9 C0000201 0035 C6336415 0035 UDP             299
UDP 0A000001 03EA C0000201 0035 C6336416 0035 UDP             298
UDP 0A000001 03EB C0000201 0035 C6336463 0035 UDP             297
UDP 0A000001 03EC C0000201 0035 C6336463 0035 UDP             296
TCP 0A000001 03ED C0000201 0035 C6336463 0035 ESTABLISHED     295
UDP 0A000001 0000 C0000201 0035 C6336463 0035 UDP             294
UDP 0A000001 03EE C0000263 0035 C6336463 0035 UDP             293
`

// flowRoot is a director's /proc, as far as IPVS goes.
func flowRoot(t *testing.T, connections, expireNoDest string) string {
	t.Helper()
	return tree(t, map[string]string{
		"proc/net/ip_vs": flowTable, "proc/net/ip_vs_conn": connections,
		"proc/sys/net/ipv4/vs/conntrack": "1\n", "proc/sys/net/ipv4/vs/expire_nodest_conn": expireNoDest + "\n",
	})
}

// ownConntrack moves the test to a network namespace with these flows.
func ownConntrack(t *testing.T, flows ...flowtest.Flow) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, for a network namespace")
	}
	if _, err := os.Stat("/proc/sys/net/netfilter/nf_conntrack_count"); err != nil {
		t.Skipf("this kernel has no connection tracking: %v", err)
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with the test's goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace here: %v", err)
	}
	table, err := flowtest.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	if _, err := table.Create(len(flows), func(i int) flowtest.Flow { return flows[i] }); err != nil {
		t.Fatal(err)
	}
}

func someFlows() []flowtest.Flow {
	at := netip.MustParseAddrPort
	flow := func(client, service, server string, s flowtest.Status) flowtest.Flow {
		return flowtest.Flow{Client: at(client), Service: at(service), Server: at(server), Status: s, Timeout: 100}
	}
	return []flowtest.Flow{
		flow("10.0.0.1:1001", "192.0.2.1:53", "198.51.100.21:53", flowtest.Assured),
		flow("10.0.0.1:1002", "192.0.2.1:53", "198.51.100.22:53", flowtest.Replied),
		flow("10.0.0.1:1003", "192.0.2.1:53", "198.51.100.99:53", flowtest.Unreplied),
		flow("10.0.0.1:1007", "192.0.2.1:53", "198.51.100.98:53", flowtest.Replied),
		flow("10.0.0.1:1008", "192.0.2.1:53", "192.0.2.1:53", flowtest.Unreplied),
		flow("[2001:db8::50]:1001", "[2001:db8::1]:53", "[2001:db8:1::99]:53", flowtest.Replied),
		flow("10.0.0.1:1009", "192.0.2.99:53", "198.51.100.99:53", flowtest.Replied),
	}
}

// lvsdnsFlows runs the command, and hides what differs from run to run.
func lvsdnsFlows(t *testing.T, status int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := run(t.Context(), append([]string{"flows"}, args...), &stdout, &stderr); got != status || stderr.Len() > 0 {
		t.Errorf("%q: status %d, want %d\n%s", args, got, status, stderr.String())
	}
	return regexp.MustCompile(`, (100|99|9\d)s`).ReplaceAllString(stdout.String(), ", 9Xs")
}

const removedFlows = `CLIENT               VIRTUAL SERVER    REAL SERVER                   CONNTRACK        IPVS
10.0.0.1:1007        192.0.2.1:53      198.51.100.98:53     removed  replied, 9Xs     -
10.0.0.1:1003        192.0.2.1:53      198.51.100.99:53     removed  unreplied, 9Xs   297s
10.0.0.1:1004        192.0.2.1:53      198.51.100.99:53     removed  -                296s
[2001:db8::50]:1001  [2001:db8::1]:53  [2001:db8:1::99]:53  removed  replied, 9Xs     -
`

const held = "IPVS itself holds 2 flows to a removed real server: their packets are dropped. Nobody can delete single entries of its table, and to empty it would cut off every client.\n"

func TestFlows(t *testing.T) {
	ownConntrack(t, someFlows()...)
	root := flowRoot(t, flowConnections, "0")
	// What differs in the width of columns does not matter.
	same := func(what, got, want string) {
		t.Helper()
		if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
			t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
		}
	}
	same("removed", lvsdnsFlows(t, 2, "--root", root), removedFlows+"entries found: 3 in conntrack, 2 in IPVS's own table\n"+held+
		`Run "sysctl -w net.ipv4.vs.expire_nodest_conn=1": each entry then goes with its client's next packet, which is lost; not if conntrack's entries are deleted before (--delete). With 0 it stays until IPVS's timeout for UDP (ipvsadm -L --timeout).
Set it for good: then IPVS forgets such flows when it loses a real server.
`)
	same("one family", lvsdnsFlows(t, 2, "--root", root, "2001:db8::1"), `CLIENT VIRTUAL SERVER REAL SERVER CONNTRACK IPVS
[2001:db8::50]:1001  [2001:db8::1]:53  [2001:db8:1::99]:53  removed  replied, 9Xs     -
entries found: 1 in conntrack, 0 in IPVS's own table
`)
	same("a virtual server that is gone", lvsdnsFlows(t, 2, "--root", root, "192.0.2.99:53"), `CLIENT VIRTUAL SERVER REAL SERVER CONNTRACK IPVS
10.0.0.1:1006  192.0.2.99:53  198.51.100.99:53  removed  -                293s
10.0.0.1:1009  192.0.2.99:53  198.51.100.99:53  removed  replied, 9Xs     -
entries found: 1 in conntrack, 1 in IPVS's own table
`+strings.Replace(held, "2 flows", "1 flow", 1)+`Run "sysctl -w net.ipv4.vs.expire_nodest_conn=1": each entry then goes with its client's next packet, which is lost; not if conntrack's entries are deleted before (--delete). With 0 it stays until IPVS's timeout for UDP (ipvsadm -L --timeout).
Set it for good: then IPVS forgets such flows when it loses a real server.
`)
	if got := lvsdnsFlows(t, 0, "--root", root, "--to", "all"); strings.Count(got, "\n10.0.0.1") != 6 || !strings.Contains(got, "untranslated") || !strings.Contains(got, "IPVS itself holds 1 flow to a real server with weight 0") {
		t.Errorf("all:\n%s", got)
	}
	if got := lvsdnsFlows(t, 2, "--root", root, "--to", "drained", "--max", "2"); len(regexp.MustCompile(`(?m):53 +(drained|removed) `).FindAllString(got, -1)) != 2 || !strings.Contains(got, " more entries are not listed: --max sets the limit\nentries found: 4 in conntrack, 3 in IPVS's own table\n") {
		t.Errorf("two of all:\n%s", got)
	}
	var j show.Flows
	if err := json.Unmarshal([]byte(lvsdnsFlows(t, 2, "--root", root, "--output", "json")), &j); err != nil || len(j.Flows) != 4 || j.Flows[0].State != "replied" ||
		j.Flows[0].IPVS != nil || *j.Flows[1].IPVS != 297 || *j.Flows[1].Conntrack < 90 || j.Flows[2].Conntrack != nil || j.Conntrack != 3 || j.IPVS != 2 || len(j.Advice) != 3 {
		t.Errorf("%v %+v", err, j)
	}
}

// TestFlowsDelete deletes what is listed and looks what is left.
func TestFlowsDelete(t *testing.T) {
	ownConntrack(t, someFlows()...)
	root := flowRoot(t, flowConnections, "1")
	if got := lvsdnsFlows(t, 2, "--root", root, "--delete", "--max", "1", "192.0.2.1"); !strings.Contains(got, "\ndeleted from conntrack: 1; gone already: 0\n") {
		t.Errorf("one:\n%s", got)
	}
	// IPVS holds two of them still.
	got := lvsdnsFlows(t, 2, "--root", root, "--delete")
	if !strings.Contains(got, "\ndeleted from conntrack: 2; gone already: 0\n") || !strings.HasSuffix(got, held+"net.ipv4.vs.expire_nodest_conn is 1: each entry goes with its client's next packet.\n") {
		t.Errorf("the rest:\n%s", got)
	}
	// Without IPVS's entries nothing is left of those, and all others are there.
	root = flowRoot(t, "", "1")
	if got := lvsdnsFlows(t, 0, "--root", root); got != "entries found: 0 in conntrack, 0 in IPVS's own table\n" {
		t.Errorf("afterwards:\n%s", got)
	}
	if got := lvsdnsFlows(t, 0, "--root", root, "--to", "all"); strings.Count(got, "\n10.0.0.1") != 3 {
		t.Errorf("the others:\n%s", got)
	}
}

func TestFlowsMistakes(t *testing.T) {
	root := flowRoot(t, flowConnections, "0")
	for _, test := range []struct {
		args   []string
		stderr string
	}{
		{[]string{"--to", "somebody"}, `--to is "somebody"; it must be removed, drained or all`},
		{[]string{"--output", "xml"}, `--output is "xml"; it must be text or json`},
		{[]string{"--max", "0"}, "--max is 0; it must be 1 or more"},
		{[]string{"--watch", "1ms"}, "--watch is 1ms; it must be 1s or more, because each look reads the whole table"},
		{[]string{"--watch", "2s", "--delete"}, "--watch and --delete do not go together: look first, then delete"},
		{[]string{"--flush"}, "flag provided but not defined: -flush"},
		{[]string{"--root", root, "dns"}, `"dns" is no virtual server: write ADDRESS or ADDRESS:PORT, such as 192.0.2.1 or [2001:db8::1]:53`},
		{[]string{"--root", root, "192.0.2.7"}, "the IPVS table has no virtual server for UDP at 192.0.2.7; for flows to one that is gone name its port too"},
		{[]string{"--root", tree(t, map[string]string{"proc/net/ip_vs": ""})}, "no IPVS in this kernel (module ip_vs is not loaded)"},
	} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), append([]string{"flows"}, test.args...), &stdout, &stderr)
		if status != 1 || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "lvsdns flows: ") || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%q: status %d\n%s%s", test.args, status, stdout.String(), stderr.String())
		}
	}
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"flows", "--help"}, &stdout, &stderr); status != 0 || !strings.HasPrefix(stdout.String(), "usage: lvsdns flows ") || stderr.Len() > 0 {
		t.Errorf("--help: status %d\n%s%s", status, stdout.String(), stderr.String())
	}
}

// TestFlowsPersistent: the clients that persistence keeps with a real server of weight 0, and what frees them. Without flows both
// tables would otherwise say that there is nothing.
func TestFlowsPersistent(t *testing.T) {
	ownConntrack(t)
	table := `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
UDP  C0000201:0035 wlc persistent 30000 FFFFFFFF
  -> C6336415:0035      Route   10     0          0
  -> C6336416:0035      Route   0      0          0
FWM  00000007 wlc persistent 30000 FFFFFFFF
  -> C6336416:0000      Route   0      0          0
`
	connections := `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
UDP 0A000001 0000 C0000201 0035 C6336415 0035 NONE            299
UDP 0A000002 0000 C0000201 0035 C6336416 0035 NONE            298
IP  0A000003 0000 00000007 0000 C6336416 0000 NONE            297
`
	for _, tt := range []struct {
		quiescent string
		status    int
		args      []string
		want      string
	}{
		{"0", 2, []string{"--to", "drained"}, `CLIENT VIRTUAL SERVER REAL SERVER CONNTRACK IPVS
10.0.0.3 (any port) fwm 7 198.51.100.22 drained - 297s
10.0.0.2 (any port) 192.0.2.1:53 198.51.100.22:53 drained - 298s
entries found: 0 in conntrack, 2 in IPVS's own table
Persistence holds 2 clients to a real server with weight 0, dead or alive: from whatever port they ask they get that one, and each question makes it last. ` +
			`Run "sysctl -w net.ipv4.vs.expire_quiescent_template=1": the next question from a new port then gets another real server. Set it for good.
`},
		{"0", 2, []string{"--to", "drained", "192.0.2.1"}, "10.0.0.2 (any port) 192.0.2.1:53"},
		{"0", 0, []string{}, "entries found: 0 in conntrack, 0 in IPVS's own table\n"},
		{"1", 0, []string{"--to", "drained"}, "entries found: 0 in conntrack, 0 in IPVS's own table\n"},
	} {
		root := tree(t, map[string]string{
			"proc/net/ip_vs": table, "proc/net/ip_vs_conn": connections, "proc/sys/net/ipv4/vs/conntrack": "1\n",
			"proc/sys/net/ipv4/vs/expire_nodest_conn": "1\n", "proc/sys/net/ipv4/vs/expire_quiescent_template": tt.quiescent + "\n",
		})
		words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
		if got := lvsdnsFlows(t, tt.status, append([]string{"--root", root}, tt.args...)...); !strings.Contains(words(got), words(tt.want)) {
			t.Errorf("%q with %s:\n%s\nwant\n%s", tt.args, tt.quiescent, got, tt.want)
		}
	}
	var j show.Flows
	root := tree(t, map[string]string{"proc/net/ip_vs": table, "proc/net/ip_vs_conn": connections})
	if err := json.Unmarshal([]byte(lvsdnsFlows(t, 2, "--root", root, "--to", "drained", "--output", "json")), &j); err != nil || len(j.Flows) != 2 {
		t.Fatalf("%+v, %v", j, err)
	}
	if f := j.Flows[0]; f.Client != "10.0.0.3" || !f.Template || f.FWMark != 7 || f.VIP != "" || f.RIP != "198.51.100.22" {
		t.Errorf("of the mark: %+v", f)
	}
	if f := j.Flows[1]; f.Client != "10.0.0.2" || !f.Template || f.FWMark != 0 || f.VIP != "192.0.2.1" || f.VPort != 53 || f.Target != "drained" {
		t.Errorf("of the address: %+v", f)
	}
}
