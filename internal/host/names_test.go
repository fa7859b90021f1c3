package host

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	const hosts = "127.0.0.1 localhost\n127.0.1.1 lb1.example.net lb1 # this one\n192.0.2.9 other.example.net other\n# lb1 comment\n"
	for _, test := range []struct {
		name, hostname, hosts, resolv string
		want                          []string
	}{
		{name: "no files", hostname: "lb1", want: []string{"lb1"}},
		{name: "no host name", hosts: hosts},
		{name: "the usual Debian", hostname: "lb1", hosts: hosts, want: []string{"lb1", "lb1.example.net"}},
		{name: "domains", hostname: "lb1", resolv: "nameserver 192.0.2.53\nsearch example.net. corp.example\n", want: []string{"lb1", "lb1.corp.example", "lb1.example.net"}},
		{name: "a full host name", hostname: "lb1.example.net", hosts: hosts, resolv: "domain example.org\n", want: []string{"lb1", "lb1.example.net", "lb1.example.org"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			os.Mkdir(filepath.Join(root, "etc"), 0o755)
			for name, text := range map[string]string{"hosts": test.hosts, "resolv.conf": test.resolv} {
				if text != "" {
					os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o644)
				}
			}
			if got := Names(root, test.hostname); !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
