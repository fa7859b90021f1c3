package config

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestWebSecrets(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "web.yaml")
	for text, want := range map[string][]string{
		"":                                       nil,
		"basic_auth_users: {}\n":                 nil,
		"basic_auth_users: {p: $2y$10$x}\n":      {file},
		"tls_server_config: {cert_file: a}\n":    nil,
		"tls_server_config: {key_file: k.pem}\n": {filepath.Join(dir, "k.pem")},
		"tls_server_config: {key_file: /k.pem}\nbasic_auth_users: {p: x}\n": {file, "/k.pem"},
		"tls_server_config: {key: 'PRIVATE KEY'}\n":                         {file},
		"tls_server_config: [":                                              nil,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := WebSecrets(file); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := append(WebSecrets(""), WebSecrets(filepath.Join(dir, "none"))...); got != nil {
		t.Errorf("without a file: %q", got)
	}
}

// TestSecrets: what the journal leaves out is what not everybody should read.
func TestSecrets(t *testing.T) {
	for _, test := range []struct {
		action NotifyAction
		want   bool
	}{
		{NotifyAction{Webhook: &WebhookAction{URL: "https://example.com"}}, false},
		{NotifyAction{Webhook: &WebhookAction{URL: "http://192.0.2.1:8080/"}}, false},
		{NotifyAction{Webhook: &WebhookAction{URL: "https://example.com/services/T000/B000/XXXX"}}, true},
		{NotifyAction{Webhook: &WebhookAction{URL: "https://example.com/?token=x"}}, true},
		{NotifyAction{Webhook: &WebhookAction{URL: "https://me:secret@example.com"}}, true},
		{NotifyAction{Webhook: &WebhookAction{URL: "https://example.com", Headers: []string{"Authorization: x"}}}, true},
		{NotifyAction{Command: &CommandAction{Run: []string{"/bin/true"}}}, false},
		{NotifyAction{Command: &CommandAction{Run: []string{"/bin/true"}, Environment: []string{"TOKEN=x"}}}, true},
		{NotifyAction{Sysctl: &SysctlAction{Key: "a", Value: "1"}}, false},
	} {
		n := &Notify{Rules: []NotifyRule{{Actions: []NotifyAction{test.action}}}}
		if got := n.Secrets(); got != test.want {
			t.Errorf("%+v: %t, want %t", test.action, got, test.want)
		}
	}
}
