package command

// usage is the text of --help. A test holds it against the flags.
const usage = `lvsdns-check asks a name server questions and says by its exit status whether
the server is fit to serve. It is made for keepalived's MISC_CHECK, HAProxy's
external-check, Nagios, and for people.

Usage: lvsdns-check [flags] SERVER[:PORT]     (IPv6: ADDRESS or [ADDRESS]:PORT)

What to ask
  --name NAME            name to ask for (default ".")
  --type TYPE            record type (default SOA)
  --class CLASS          class (default IN)
  --question "NAME TYPE [RCODE...]"
                         instead of --name and --type; may be repeated
  --quorum K             how many of the questions must pass (default all)
  --transport T          udp, tcp, both, tls or https (default udp); a truncated
                         UDP answer is asked for again over TCP, which must work

What the answer must be (of every question)
  --rcode A,B            rcodes that pass (default NOERROR)
  --min-answers N        at least N records that answer the question (default 0)
  --answer REGEXP        some answer record must match, as text without TTL;
                         may be repeated, then each must match. Give both ends,
                         dots in brackets, and (?i), for names have any case:
                         '(?i)^www[.]example[.]com[.] IN A 192[.]0[.]2[.]1$'
  --require FLAGS        header flags that must be set: aa,ra,ad,rd,cd
  --forbid FLAGS         header flags that must not be set
  --max-latency D        longest time that an answer may take (default none)

How to ask
  --no-recurse           RD=0, as for a server that is authoritative
  --edns-size N          UDP payload size to offer (default 1232)
  --no-edns              no EDNS at all
  --dnssec               ask for DNSSEC records (DO=1)
  --subnet CIDR          EDNS client subnet
  --nsid TEXT            ask for the server's name (NSID); it must be TEXT
  --tsig NAME:ALG:FILE   sign the question; the answer must be signed too. FILE
                         holds the secret in base64, or tsig-keygen's output
  --timeout D            one deadline for all of it (default 2s)
  --attempts N           tries inside that deadline (default 2)
  --source IP            local address
  --interface IF         local interface
  --mark N               firewall mark (needs CAP_NET_ADMIN)
  --tls-name NAME        name in the certificate (default the server's address)
  --tls-ca FILE          certificate authorities, PEM (default this host's)
  --tls-insecure         take any certificate
  --https-path PATH      path of the HTTPS resource (default /dns-query)

What comes out
  --exit-mode MODE       misc:         0 pass, 1 not (default)
                         misc-dynamic: 0 or 2+weight pass, 1 not
                         nagios:       0 OK, 1 slow, 2 critical, 3 no verdict
                         haproxy:      0 pass, 1 not; SERVER from HAProxy's
                                       arguments or environment
  --weight-by latency:FAST=W,SLOW=W
                         weight of the real server for misc_dynamic, 0 to 253,
                         for example latency:5ms=100,200ms=10
  --output FORMAT        text, json, nagios, prometheus or none (default text)
  --output-file FILE     replace FILE in one step instead of printing
  --exporter-socket FILE where lvsdns-exporter listens for results
                         (default /run/lvsdns/check.sock; "" for nowhere)
  --help, --version      print this or the version; the status is not 0, so that
                         no mistake in keepalived.conf passes for health
`
