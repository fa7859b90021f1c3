package host

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
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
		{
			name: "domains", hostname: "lb1", resolv: "nameserver 192.0.2.53\nsearch example.net. corp.example\n",
			want: []string{"lb1", "lb1.corp.example", "lb1.example.net"},
		},
		{
			name: "a full host name", hostname: "lb1.example.net", hosts: hosts, resolv: "domain example.org\n",
			want: []string{"lb1", "lb1.example.net", "lb1.example.org"},
		},
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

// TestNamesEnd has a file that is longer than what is read of it.
func TestNamesEnd(t *testing.T) {
	const begin, end = "192.0.2.1 lb1 first\n", "192.0.2.2 lb1 at-edge\n"
	text := begin + strings.Repeat("#\n", (maxNames-len(begin+end))/2) + end
	if len(text) != maxNames {
		t.Fatal(len(text))
	}
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc/hosts"), []byte(text+"192.0.2.3 lb1 beyond\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := Names(root, "lb1"); !slices.Equal(got, []string{"at-edge", "first", "lb1"}) {
		t.Errorf("%.200q", got)
	}
}
