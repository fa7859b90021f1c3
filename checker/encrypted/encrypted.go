// Package encrypted asks over DNS over TLS and DNS over HTTPS. It is apart from
// package checker because crypto/tls and net/http cost every process that links
// them CPU time and memory, whether it uses them or not.
package encrypted

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/bounded"
)

// Options say how to trust the server. The zero value verifies the
// certificate against the server's address and this host's authorities.
type Options struct {
	Name     string // in the certificate; empty: the server's address
	CAFile   string // PEM; empty: this host's authorities
	Insecure bool   // take any certificate
	Path     string // of the HTTPS resource, as in "/dns-query"
	Spelling checker.Spelling
}

// Client implements [checker.Encrypted].
type Client struct {
	name     string
	path     string
	tls      tls.Config
	spelling checker.Spelling
}

// New reads what the options name.
func New(o Options) (*Client, error) {
	c := &Client{name: o.Name, path: o.Path, spelling: o.Spelling}
	c.tls.InsecureSkipVerify = o.Insecure
	c.tls.MinVersion = tls.VersionTLS12 // RFC 9325 section 3.1.1
	if o.Path != "" && !strings.HasPrefix(o.Path, "/") {
		return nil, fmt.Errorf("%s: %q does not begin with /; write for example /dns-query", cmp.Or(o.Spelling.HTTPSPath, "path"), o.Path)
	}
	if o.CAFile == "" {
		return c, nil
	}
	authorities := cmp.Or(o.Spelling.TLSCA, "certificate authorities")
	pem, err := bounded.ReadFile(o.CAFile, bounded.Settings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", authorities, err)
	}
	c.tls.RootCAs = x509.NewCertPool()
	if !c.tls.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %s holds no PEM certificate; give the certificate authority's file", authorities, o.CAFile)
	}
	return c, nil
}
