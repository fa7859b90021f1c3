package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/stranger"
)

// bcrypted is "secret"; its cost is low to make the test quick.
const bcrypted = "$2a$04$SwZBURgHC1bsnhqpjGRn2Os1cDDmc0F1Bsl0d58dISmmwaj6h/poK"

// certificate makes one for 127.0.0.1, and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return text("CERTIFICATE", der), text("PRIVATE KEY", pkcs8)
}

// TestTLS serves with a certificate and a password, as web.config.file asks.
func TestTLS(t *testing.T) {
	cert, key := certificate(t)
	dir := tree(t, map[string]string{
		"cert.pem": cert, "key.pem": key,
		"web.yaml": "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\nbasic_auth_users:\n  prometheus: " + bcrypted + "\n",
	})
	address := start(t, "--sources.root="+tree(t, nil), "--web.config.file="+filepath.Join(dir, "web.yaml"))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(cert))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	for _, tt := range []struct {
		name, user, password, path string
		status                     int
		holds                      string
	}{
		{"password", "prometheus", "secret", "/metrics", 200, "lvsdns_build_info{"},
		{"password for the page", "prometheus", "secret", "/", 200, "<title>"},
		{"wrong password", "prometheus", "wrong", "/metrics", 401, ""},
		{"somebody else", "grafana", "secret", "/metrics", 401, ""},
		{"nobody", "", "", "/metrics", 401, ""},
		{"nobody, for the state", "", "", "/api/v1/state", 401, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.user != "" {
				request.SetBasicAuth(tt.user, tt.password)
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != tt.status || !strings.Contains(string(body), tt.holds) || tt.status != 200 && strings.Contains(string(body), "lvsdns_") {
				t.Errorf("%s, %v: %.300s", response.Status, err, body)
			}
		})
	}
	if _, err := new(http.Client).Get("https://" + address + "/metrics"); err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("to one who does not know the certificate: %v", err)
	}
	if status, body := get(t, http.DefaultClient, "http://"+address+"/metrics"); status != 400 || strings.Contains(body, "lvsdns_") {
		t.Errorf("without TLS: %d %.300s", status, body)
	}
}

// TestBadWebConfig has one mistake in each web.config.file; the program ends, and says in one line what is wrong and where.
func TestBadWebConfig(t *testing.T) {
	cert, key := certificate(t)
	_, otherKey := certificate(t)
	const config = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no file", nil, "open DIR/web.yaml: no such file or directory"},
		{"no certificate", map[string]string{"web.yaml": config, "key.pem": key}, "failed to read cert_file (DIR/cert.pem): open DIR/cert.pem: no such file or directory"},
		{"no key", map[string]string{"web.yaml": config, "cert.pem": cert}, "failed to read key_file (DIR/key.pem): open DIR/key.pem: no such file or directory"},
		{"another's key", map[string]string{"web.yaml": config, "cert.pem": cert, "key.pem": otherKey}, "failed to load X509KeyPair: tls: private key does not match public key"},
		{"no PEM", map[string]string{"web.yaml": config, "cert.pem": "x", "key.pem": key}, "failed to load X509KeyPair: tls: failed to find any PEM data in certificate input"},
		{"no YAML", map[string]string{"web.yaml": "tls_server_config: [\n"}, "yaml: line 1: did not find expected node content"},
		{"unknown key", map[string]string{"web.yaml": "tls_server: {}\n"}, "yaml: unmarshal errors: line 1: field tls_server not found in type web.Config"},
		{"no hash", map[string]string{"web.yaml": "basic_auth_users:\n  prometheus: secret\n"}, "crypto/bcrypt: hashedSecret too short to be a bcrypted password; want hashes in place of passwords, as htpasswd -nB makes them"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			var stderr bytes.Buffer
			status := run(t.Context(), nil, []string{"--config=/dev/null", "--web.config.file=" + filepath.Join(dir, "web.yaml")}, io.Discard, &stderr)
			want := "lvsdns-exporter: web.config.file DIR/web.yaml: " + tt.want + "\n"
			if said := strings.ReplaceAll(stderr.String(), dir, "DIR"); status != 2 || said != want {
				t.Errorf("exit status %d, want 2\n%swant\n%s", status, said, want)
			}
		})
	}
}

// TestSecretsForAll: settings and a key that everybody can read are used, and the start and check-config say so.
func TestSecretsForAll(t *testing.T) {
	cert, key := certificate(t)
	dir := stranger.Dir(t)
	web, pem := filepath.Join(dir, "web.yaml"), filepath.Join(dir, "key.pem")
	for path, text := range map[string]string{
		filepath.Join(dir, "cert.pem"): cert, pem: key,
		web: "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\nbasic_auth_users:\n  prometheus: " + bcrypted + "\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	said := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // it starts, and ends
		args = append(args, "--config=/dev/null", "--web.config.file="+web, "--sources.root="+tree(t, nil), "--web.listen-address=127.0.0.1:0", "--checks.socket=")
		if status := run(ctx, nil, args, &out, &out); status != 0 {
			t.Fatalf("exit status %d\n%s", status, out.String())
		}
		return out.String()
	}
	const want = " has secrets, and every user of this host can read it: chmod o-r "
	for _, out := range []string{said(), said("check-config")} {
		for _, file := range []string{web, pem} {
			if strings.Count(out, file+want+file) != 1 {
				t.Errorf("of %s it says\n%s", file, out)
			}
		}
	}
	for _, file := range []string{web, pem} {
		if err := os.Chmod(file, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if out := said() + said("check-config"); strings.Contains(out, want) {
		t.Errorf("of files that not everybody can read:\n%s", out)
	}
}
