package command

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/miekg/dns"
)

const secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISEhISE="

func keyFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "check.key")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadTSIGKey(t *testing.T) {
	plain := keyFile(t, secret+"\n")
	for name, c := range map[string]struct {
		text      string
		key       string
		algorithm string
	}{
		"plain secret":    {"check.example.com:hmac-sha256:" + plain, "check.example.com.", dns.HmacSHA256},
		"name with a dot": {"Check.Example.com.:hmac-sha512:" + plain, "check.example.com.", dns.HmacSHA512},
		"no dot at all":   {"rndc-key:HMAC-SHA384.:" + plain, "rndc-key.", dns.HmacSHA384},
		"weaker ones":     {"k:hmac-sha224:" + plain, "k.", dns.HmacSHA224},
		"oldest":          {"k:hmac-sha1:" + plain, "k.", dns.HmacSHA1},
		"tsig-keygen": {
			"check:hmac-sha256:" + keyFile(t, "key \"check\" {\n\talgorithm hmac-sha256;\n\tsecret \""+secret+"\";\n};\n"),
			"check.", dns.HmacSHA256,
		},
		"one line, no quotes": {
			"check:hmac-sha256:" + keyFile(t, "key check { algorithm hmac-sha256; secret "+secret+"; };"),
			"check.", dns.HmacSHA256,
		},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := readTSIGKey(c.text)
			if err != nil || key.Name != c.key || key.Algorithm != c.algorithm {
				t.Errorf("readTSIGKey = %+v, %v; want %s %s", key, err, c.key, c.algorithm)
			}
		})
	}
}

func TestReadTSIGKeyRefuses(t *testing.T) {
	const form = "; write it as NAME:ALGORITHM:FILE, for example check.example.com:hmac-sha256:/etc/lvsdns/check.key"
	plain := keyFile(t, secret)
	empty, noise := keyFile(t, ""), keyFile(t, "not base64!")
	quoted := keyFile(t, "key k { secret \"%%%\"; };")
	missing := filepath.Join(t.TempDir(), "missing")
	const noSecret = ": it holds no base64 secret; put the secret alone in the file, or the output of tsig-keygen"
	for text, want := range map[string]string{
		"":                          `"" is not understood` + form,
		"k:hmac-sha256":             `"k:hmac-sha256" is not understood` + form,
		"k:hmac-sha256:":            `"k:hmac-sha256:" is not understood` + form,
		":hmac-sha256:" + plain:     `":hmac-sha256:` + plain + `" is not understood` + form,
		"a..b:hmac-sha256:" + plain: `key name "a..b" is no domain name` + form,
		"k:hmac-md5:" + plain:       `algorithm "hmac-md5" is not known; use hmac-sha256, hmac-sha512, hmac-sha384, hmac-sha224 or hmac-sha1`,
		"k::" + plain:               `algorithm "" is not known; use hmac-sha256, hmac-sha512, hmac-sha384, hmac-sha224 or hmac-sha1`,
		"k:hmac-sha256:" + missing:  "reading the TSIG secret: open " + missing + ": no such file or directory",
		"k:hmac-sha256:" + empty:    "reading the TSIG secret from " + empty + noSecret,
		"k:hmac-sha256:" + noise:    "reading the TSIG secret from " + noise + noSecret,
		"k:hmac-sha256:" + quoted:   "reading the TSIG secret from " + quoted + noSecret,
	} {
		if _, err := readTSIGKey(text); err == nil || err.Error() != want {
			t.Errorf("readTSIGKey(%q)\n got %v\nwant %s", text, err, want)
		}
	}
}
