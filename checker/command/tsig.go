package command

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/lvsdns/lvsdns/checker"
	"github.com/lvsdns/lvsdns/internal/bounded"
	"github.com/miekg/dns"
)

// readTSIGKey reads "NAME:ALGORITHM:FILE". The file holds the secret in base64,
// or is a key file as tsig-keygen writes it.
func readTSIGKey(s string) (*checker.TSIGKey, error) {
	const form = "write it as NAME:ALGORITHM:FILE, for example check.example.com:hmac-sha256:/etc/lvsdns/check.key"
	parts := strings.SplitN(s, ":", 3)
	if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return nil, fmt.Errorf("%q is not understood; %s", s, form)
	}
	if _, ok := dns.IsDomainName(parts[0]); !ok {
		return nil, fmt.Errorf("key name %q is no domain name; %s", parts[0], form)
	}
	data, err := bounded.ReadFile(parts[2], bounded.Settings)
	if err != nil {
		return nil, fmt.Errorf("reading the TSIG secret: %w", err)
	}
	secret, err := parseSecret(string(data))
	if err != nil {
		return nil, fmt.Errorf("reading the TSIG secret from %s: %w", parts[2], err)
	}
	return checker.NewTSIGKey(parts[0], parts[1], secret)
}

func parseSecret(data string) ([]byte, error) {
	secret := strings.TrimSpace(data)
	// The syntax of a key statement: named.conf(5), as printed by tsig-keygen(8).
	if m := regexp.MustCompile(`secret\s+"?([^";\s]+)"?\s*;`).FindStringSubmatch(data); m != nil {
		secret = m[1]
	}
	raw, err := base64.StdEncoding.DecodeString(secret)
	if err != nil || len(raw) == 0 {
		return nil, errors.New("it holds no base64 secret; put the secret alone in the file, or the output of tsig-keygen")
	}
	return raw, nil
}
