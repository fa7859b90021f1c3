package checker

import (
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// layout returns the fields that data of a type has: a number of octets, n for a name, s for a string with its length in
// front, + for at least one octet more, * for any number of them. The library takes data that ends behind any of its
// fields, and no data of any type; what is inside of a field is the library's to judge.
func layout(t uint16) string {
	switch t {
	case dns.TypeA:
		return "4"
	case dns.TypeAAAA, dns.TypeLOC:
		return "16"
	case dns.TypeNS, dns.TypeMD, dns.TypeMF, dns.TypeCNAME, dns.TypeMB, dns.TypeMG, dns.TypeMR, dns.TypePTR, dns.TypeNSAPPTR, dns.TypeDNAME:
		return "n"
	case dns.TypeSOA:
		return "n n 20"
	case dns.TypeMINFO, dns.TypeRP, dns.TypeTALINK:
		return "n n"
	case dns.TypeMX, dns.TypeAFSDB, dns.TypeRT, dns.TypeKX, dns.TypeLP:
		return "2 n"
	case dns.TypePX:
		return "2 n n"
	case dns.TypeSRV:
		return "6 n"
	case dns.TypeNAPTR:
		return "4 s s s n"
	case dns.TypeTXT, dns.TypeSPF, dns.TypeAVC, dns.TypeNINFO, dns.TypeRESINFO, dns.TypeISDN:
		return "s *"
	case dns.TypeX25:
		return "s"
	case dns.TypeHINFO:
		return "s s"
	case dns.TypeGPOS:
		return "s s s"
	case dns.TypeSIG, dns.TypeRRSIG:
		return "18 n +"
	case dns.TypeKEY: // RFC 2535 section 3.1.2: one may say that there is no key
		return "4 *"
	case dns.TypeDNSKEY, dns.TypeCDNSKEY, dns.TypeRKEY, dns.TypeDS, dns.TypeCDS, dns.TypeDLV, dns.TypeTA, dns.TypeURI:
		return "4 +"
	case dns.TypeNSEC, dns.TypeNXT:
		return "n +"
	case dns.TypeNSEC3: // RFC 5155 section 7.1: an empty non-terminal has no types
		return "4 s s *"
	case dns.TypeNSEC3PARAM:
		return "4 s"
	case dns.TypeCERT:
		return "5 +"
	case dns.TypeSSHFP:
		return "2 +"
	case dns.TypeTLSA, dns.TypeSMIMEA:
		return "3 +"
	case dns.TypeIPSECKEY:
		return "3 *"
	case dns.TypeAMTRELAY:
		return "2 *"
	case dns.TypeHIP:
		return "4 +"
	case dns.TypeCSYNC:
		return "6 *"
	case dns.TypeZONEMD:
		return "6 +"
	case dns.TypeSVCB, dns.TypeHTTPS:
		return "2 n *"
	case dns.TypeCAA:
		return "1 s *"
	case dns.TypeNID, dns.TypeL64:
		return "10"
	case dns.TypeL32, dns.TypeEUI48:
		return "6"
	case dns.TypeEUI64:
		return "8"
	case dns.TypeATMA:
		return "1 +"
	case dns.TypeEID, dns.TypeNIMLOC, dns.TypeDHCID, dns.TypeOPENPGPKEY:
		return "+"
	case dns.TypeTKEY, dns.TypeTSIG:
		return "n 16 *"
	default:
		return "*"
	}
}

// opaque reports whether the data of a type is no business of the library's, though it reads it: there is no public
// format (UINFO and its kin, and what only a question can have), or it takes another for it (NXT, RFC 2535 section 5.2).
func opaque(t uint16) bool {
	switch t {
	case dns.TypeUINFO, dns.TypeUID, dns.TypeGID, dns.TypeANY, dns.TypeNXNAME, dns.TypeNXT:
		return true
	default:
		return false
	}
}

// fits reports whether the octets from an offset on are such fields and nothing more.
func fits(layout string, b []byte, at int) bool {
	for field := range strings.FieldsSeq(layout) {
		switch field {
		case "n":
			_, end, err := dns.UnpackDomainName(b, at)
			if err != nil {
				return false
			}
			at = end
		case "s":
			if at >= len(b) {
				return false
			}
			at += 1 + int(b[at])
		case "+", "*":
			if at >= len(b) && field == "+" {
				return false
			}
			at = max(at, len(b))
		default:
			size, err := strconv.Atoi(field)
			if err != nil {
				return false
			}
			at += size
		}
	}
	return at == len(b)
}
