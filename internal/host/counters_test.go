package host

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// From a 6.18 kernel, shortened: MaxConn is no counter, IcmpMsg comes twice, an empty section has names and no more.
const (
	snmpText = `Ip: Forwarding DefaultTTL InReceives ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates
Ip: 2 64 337848 1 2 3 4 5 6 18446744073709551615
Icmp: InMsgs InDestUnreachs
Icmp: 8987 8987
IcmpMsg: InType3 OutType3
IcmpMsg: 8987 8985
IcmpMsg: InType8
IcmpMsg: 1
Tcp: RtoAlgorithm MaxConn
Tcp: 1 -1
Udp: InDatagrams NoPorts RcvbufErrors
Udp: 103933 8985 7
`
	netstatText = "TcpExt: SyncookiesSent ListenDrops\nTcpExt: 0 9\nIpExt: InNoRoutes ReasmOverlaps\nIpExt: 0 11\n"
	snmp6Text   = "Ip6ReasmFails                   \t12\nIcmp6InPktTooBigs               \t13\n\nUdp6RcvbufErrors                \t14\n"
)

// below writes files below a new root.
func below(t *testing.T, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return root
}

func TestReadCounters(t *testing.T) {
	want := Counters{
		"IpForwarding": 2, "IpDefaultTTL": 64, "IpInReceives": 337848, "IpReasmTimeout": 1, "IpReasmReqds": 2, "IpReasmOKs": 3, "IpReasmFails": 4,
		"IpFragOKs": 5, "IpFragFails": 6, "IpFragCreates": 1<<64 - 1, "IcmpInMsgs": 8987, "IcmpInDestUnreachs": 8987,
		"IcmpMsgInType3": 8987, "IcmpMsgOutType3": 8985, "IcmpMsgInType8": 1, "TcpRtoAlgorithm": 1,
		"UdpInDatagrams": 103933, "UdpNoPorts": 8985, "UdpRcvbufErrors": 7,
		"TcpExtSyncookiesSent": 0, "TcpExtListenDrops": 9, "IpExtInNoRoutes": 0, "IpExtReasmOverlaps": 11,
		"Ip6ReasmFails": 12, "Icmp6InPktTooBigs": 13, "Udp6RcvbufErrors": 14,
	}
	files := map[string]string{"proc/net/snmp": snmpText, "proc/net/netstat": netstatText, "proc/net/snmp6": snmp6Text}
	root := below(t, files)
	if got, err := ReadCounters(root); err != nil || !maps.Equal(got, want) {
		t.Errorf("got  %v, %v\nwant %v", got, err, want)
	}

	must(t, os.Remove(filepath.Join(root, "proc/net/snmp6")))
	maps.DeleteFunc(want, func(name string, _ uint64) bool { return strings.Contains(name, "p6") })
	if got, err := ReadCounters(root); err != nil || !maps.Equal(got, want) {
		t.Errorf("without IPv6: got  %v, %v\nwant %v", got, err, want)
	}

	must(t, os.Remove(filepath.Join(root, "proc/net/netstat")))
	if _, err := ReadCounters(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without netstat: %v", err)
	}
}

func TestCountersThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"Ip: A B\nIp: 1\n":                        "line 2: not the values of line 1",
		"Ip: A B\nTcp: 1 2\n":                     "line 2: not the values of line 1",
		"Ip: A\nIp: 1\nTcp: B\n":                  "the file ends too early",
		"Ip: A\nIp: x\n":                          `line 2: IpA is no number: "x"`,
		"Ip: A\nIp: 18446744073709551616\n":       `line 2: IpA is no number: "18446744073709551616"`,
		"Ip: A\nIp: 1\n\nUdp: B C\n\nUdp: 1 +2\n": `line 6: UdpC is no number: "+2"`,
	} {
		if got, err := parseSNMP(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"Ip6A 1 2\n":      "line 1: want a name and a value",
		"\nIp6A\n":        "line 2: want a name and a value",
		"Ip6A 0x1\n":      `line 1: Ip6A is no number: "0x1"`,
		"Ip6A 1\nB 1e3\n": `line 2: B is no number: "1e3"`,
	} {
		if got, err := parseSNMP6(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
}

// TestReadsThisHost: the kernel that runs this has what the metrics ask for.
func TestReadsThisHost(t *testing.T) {
	if _, err := os.Stat("/proc/net/snmp"); err != nil {
		t.Skip("no Linux proc file system here")
	}
	c, err := ReadCounters("")
	must(t, err)
	for _, name := range []string{"IpReasmFails", "IpExtReasmOverlaps", "IcmpInDestUnreachs", "UdpRcvbufErrors"} {
		if _, known := c[name]; !known {
			t.Errorf("no %s among %d counters", name, len(c))
		}
	}
	rows, err := ReadSoftnet("")
	must(t, err)
	if len(rows) == 0 || rows[0].Processed == 0 || rows[0].CPU < 0 {
		t.Errorf("processors: %+v", rows)
	}
}
