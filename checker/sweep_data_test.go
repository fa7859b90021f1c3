package checker

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lvsdns/lvsdns/internal/dnstest"
	"github.com/miekg/dns"
)

// samples holds right data of every type that the library has a name for: the text of a zone file, or octets
// behind "\# " (RFC 3597 section 5).
var samples = map[uint16]string{
	dns.TypeA: "192.0.2.1", dns.TypeAAAA: "2001:db8::1", dns.TypeNS: "ns.example.", dns.TypeMD: "a.example.", dns.TypeMF: "a.example.",
	dns.TypeCNAME: "a.example.", dns.TypeSOA: "a.example. b.example. 1 2 3 4 5", dns.TypeMB: "a.example.", dns.TypeMG: "a.example.",
	dns.TypeMR: "a.example.", dns.TypeNULL: `\# 2 abcd`, dns.TypePTR: "a.example.", dns.TypeHINFO: `"PC" "Linux"`, dns.TypeMINFO: "a.example. b.example.",
	dns.TypeMX: "10 a.example.", dns.TypeTXT: `"ab"`, dns.TypeRP: "a.example. b.example.", dns.TypeAFSDB: "1 a.example.", dns.TypeX25: "311061700956",
	dns.TypeISDN: `"150862028003217" "004"`, dns.TypeRT: "10 a.example.", dns.TypeNSAPPTR: "a.example.",
	dns.TypeSIG:   "A 8 2 300 20300101000000 20200101000000 1 example. AAEC",
	dns.TypeRRSIG: "A 8 2 300 20300101000000 20200101000000 1 example. AAEC",
	dns.TypeKEY:   "256 3 8 AwEAAQ==", dns.TypeDNSKEY: "256 3 8 AwEAAQ==", dns.TypeCDNSKEY: "256 3 8 AwEAAQ==", dns.TypeRKEY: "0 3 8 AwEAAQ==",
	dns.TypePX: "10 a.example. b.example.", dns.TypeGPOS: "1 2 3", dns.TypeLOC: "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
	dns.TypeNXT: `\# 5 0161000040`, dns.TypeEID: `\# 2 abcd`, dns.TypeNIMLOC: `\# 2 abcd`, dns.TypeSRV: "1 2 53 a.example.",
	dns.TypeATMA: `\# 5 0131323334`, dns.TypeNAPTR: `1 2 "u" "E2U+sip" "!^.*$!sip:a@example!" .`, dns.TypeKX: "10 a.example.", dns.TypeCERT: "1 2 8 AAEC",
	dns.TypeDNAME: "a.example.", dns.TypeOPT: `\# 6 000300026462`, dns.TypeAPL: "1:192.0.2.0/24", dns.TypeDS: "1 8 2 " + digest, dns.TypeCDS: "1 8 2 " + digest,
	dns.TypeDLV: "1 8 2 " + digest, dns.TypeTA: "1 8 2 " + digest, dns.TypeSSHFP: "1 1 0123456789012345678901234567890123456789",
	dns.TypeIPSECKEY: "10 1 2 192.0.2.1 AAEC", dns.TypeAMTRELAY: "10 0 1 192.0.2.1", dns.TypeNSEC: "b.example. A RRSIG NSEC", dns.TypeDHCID: "AAEBAgM=",
	dns.TypeNSEC3: "1 0 1 ab 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG", dns.TypeNSEC3PARAM: "1 0 1 ab", dns.TypeTLSA: "3 1 1 " + digest,
	dns.TypeSMIMEA: "3 1 1 " + digest, dns.TypeHIP: "2 200100107b1a74df365639cc39f1d578 AwEAAQ== a.example.", dns.TypeNINFO: `"ab"`,
	dns.TypeTALINK: "a.example. b.example.", dns.TypeOPENPGPKEY: "AAEC", dns.TypeCSYNC: "1 3 A NS", dns.TypeZONEMD: "1 1 1 " + digest + digest[:32],
	dns.TypeSVCB: "1 . alpn=h2", dns.TypeHTTPS: "1 . alpn=h2", dns.TypeSPF: `"ab"`, dns.TypeUINFO: `\# 3 026162`, dns.TypeUID: `\# 4 00000001`,
	dns.TypeGID: `\# 4 00000001`, dns.TypeUNSPEC: `\# 2 abcd`, dns.TypeNID: "10 0014:4fff:ff20:ee64", dns.TypeL32: "10 192.0.2.1", dns.TypeL64: "10 2001:0DB8:1140:1000",
	dns.TypeLP: "10 a.example.", dns.TypeEUI48: "00-00-5e-00-53-2a", dns.TypeEUI64: "00-00-5e-ef-10-00-00-2a", dns.TypeURI: `1 2 "https://example/"`,
	dns.TypeCAA: `0 issue "ca.example"`, dns.TypeAVC: `"ab"`, dns.TypeRESINFO: `"qnamemin"`, dns.TypeNXNAME: `\# 0`,
	// TKEY and TSIG: algorithm, times, mode or fudge, key or MAC, error, ID or nothing.
	dns.TypeTKEY: `\# 21 016100000000000000000100030000000200010000`, dns.TypeTSIG: `\# 21 016100000000000001012c0002abcd123400000000`,
	dns.TypeANY: `\# 2 abcd`, dns.TypeAXFR: `\# 2 abcd`, dns.TypeIXFR: `\# 2 abcd`, dns.TypeMAILA: `\# 2 abcd`, dns.TypeMAILB: `\# 2 abcd`,
	dns.TypeNone: `\# 2 abcd`, dns.TypeReserved: `\# 2 abcd`,
}

const digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// sampleData returns the octets of a type's sample.
func sampleData(t *testing.T, rrtype uint16) string {
	t.Helper()
	if opaque, ok := strings.CutPrefix(samples[rrtype], `\# `); ok {
		_, digits, _ := strings.Cut(opaque, " ")
		data, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatalf("%s: %v", dns.Type(rrtype), err)
		}
		return string(data)
	}
	rr := record(t, ". 0 IN "+dns.Type(rrtype).String()+" "+samples[rrtype])
	wire := make([]byte, 512)
	n, err := dns.PackRR(rr, wire, 0, nil, false)
	if err != nil {
		t.Fatalf("%s: %v", dns.Type(rrtype), err)
	}
	return string(wire[11:n]) // behind the root's name, type, class, TTL and length
}

// dataVariants are right data, none, an octet too few and an octet too many.
var dataVariants = map[string]func(right string) string{
	"right": func(right string) string { return right },
	"empty": func(string) string { return "" },
	"short": func(right string) string { return right[:max(len(right)-1, 0)] },
	"long":  func(right string) string { return right + "\x00" },
}

// dataSweep is each type with each variant of data, in the answer and in the additional section.
func dataSweep(t *testing.T) []swept {
	t.Helper()
	var cases []swept
	for rrtype := range dns.TypeToString {
		if _, ok := samples[rrtype]; !ok {
			t.Errorf("no sample of type %s", dns.Type(rrtype))
		}
		r := dnstest.Record{Type: rrtype}
		if rrtype == dns.TypeOPT || rrtype == dns.TypeTSIG {
			r.Owner, r.Class = "\x00", dns.ClassANY
		}
		for variant, change := range dataVariants {
			r.Data = change(sampleData(t, rrtype))
			key := fmt.Sprintf("%s-%s-", dns.Type(rrtype), variant)
			for section, records := range map[string][2][]dnstest.Record{
				"answer":     {{r}, nil},
				"additional": {{{Type: dns.TypeA, Data: "\xc0\x00\x02\x01"}}, {r}},
			} {
				cases = append(cases, swept{key: key + section, reply: func(wire []byte) []byte {
					return dnstest.ReplyWith(wire, dns.RcodeSuccess, records[0], records[1])
				}})
			}
		}
	}
	slices.SortFunc(cases, func(a, b swept) int { return strings.Compare(a.key, b.key) })
	return cases
}

// dataDifferences are where this program and BIND's part ways over data, and why.
var dataDifferences = []difference{
	{`(DS|CDS|DLV|TA|ZONEMD|SSHFP)-(short|long)-`, "BIND knows how long each kind of digest is; that is the business of who validates"},
	{`NXT-(short|long)-`, "BIND reads the bits of RFC 2535 section 5.2, which nobody has sent since 2004"},
	{`ATMA-long-`, "BIND reads the digits of an address (ATM Forum AF-SAA-0069), the library does not"},
	{`NSEC3-right-`, "BIND wants the owner to be a hash (RFC 5155 section 3), which the name of this case is not"},
	{`(ANY|AXFR|IXFR|MAILA|MAILB|NXNAME)-.*-answer`, "a type that only a question can have (RFC 6895 section 3.1) answers none; dig shows it"},
	{`TKEY-right-`, "BIND wants TKEY in an answer section (RFC 2930 section 3); nobody here asks for a key, and it answers no other question"},
	{`None-`, "BIND refuses type 0, here it is a type that nobody knows and that answers nothing"},
}

// TestSweepData: data of every type, right and wrong.
func TestSweepData(t *testing.T) {
	t.Parallel()
	s := sweep{
		cases: dataSweep(t), question: dns.TypeANY, expect: Expect{MinAnswers: 1}, differences: dataDifferences,
		// The additional section is read by the same code, in BIND too, and delv takes a process for each question.
		delv: func(c swept) bool { return strings.HasSuffix(c.key, "-answer") },
	}
	s.run(t)
}
