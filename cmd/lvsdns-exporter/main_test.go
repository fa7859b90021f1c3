package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tree is a file system for --sources.root: no IPVS, and these files.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// logged is standard error, and says when the program listens.
type logged struct {
	mu      sync.Mutex
	text    bytes.Buffer
	address chan string
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var record struct{ Msg, Address string }
	if json.Unmarshal(line, &record) == nil && record.Msg == "Listening on" {
		l.address <- record.Address
	}
	return l.text.Write(line)
}

// start runs the program until the test ends, and returns where it listens.
func start(t *testing.T, flags ...string) (address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log := &logged{address: make(chan string, 1)}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, nil, append([]string{"--web.listen-address=127.0.0.1:0", "--checks.socket=", "--log.format=json"}, flags...), io.Discard, log)
	}()
	t.Cleanup(func() {
		cancel()
		if status := <-ended; status != 0 {
			t.Errorf("exit status %d:\n%s", status, log.text.String())
		}
	})
	select {
	case address = <-log.address:
	case status := <-ended:
		ended <- status
		t.Fatalf("it ends by itself:\n%s", log.text.String())
	}
	return address
}

func get(t *testing.T, client *http.Client, url string) (status int, body string) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// conditional has a virtual server on every director, one on lb9, one on this host, and a word that came with keepalived 2.3.0.
func conditional(id string) string {
	const server = `virtual_server 192.0.2.N 53 {
	protocol UDP
	real_server 198.51.100.1 53 {
		weight 1
	}
}
`
	numbered := func(n, prefix string) string {
		var b strings.Builder
		for line := range strings.Lines(strings.Replace(server, "N", n, 1)) {
			b.WriteString(prefix + line)
		}
		return b.String()
	}
	return "global_defs {\n\tuse_symlink_paths\n}\n" + numbered("1", "") + numbered("2", "@lb9 ") + numbered("3", "@"+id+" ")
}

// TestKeepalivedHere: the configuration is read as the keepalived of this host reads it.
func TestKeepalivedHere(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(name, ".")
	const program = "usr/sbin/keepalived"
	for _, tt := range []struct {
		name, program string
		flags         []string
		want          []string
	}{
		{"by its program and the host", "Keepalived v2.2.7 (01/16,2022)", nil, []string{
			`lvsdns_keepalived_info{version="2.2.7",config_id="` + id + `"} 1`, "lvsdns_keepalived_virtual_servers 2", `lvsdns_keepalived_notes{kind="unknown"} 1`,
		}},
		{"newer program", "Keepalived v2.3.3 (03/30,2025)", nil, []string{
			`lvsdns_keepalived_info{version="2.3.3",config_id="` + id + `"} 1`, `lvsdns_keepalived_notes{kind="unknown"} 0`,
		}},
		{"no program", "", nil, []string{
			`lvsdns_keepalived_info{version="",config_id="` + id + `"} 1`, `lvsdns_keepalived_notes{kind="unknown"} 0`,
		}},
		{"by flags", "Keepalived v2.3.3 (03/30,2025)", []string{"--keepalived.version=2.2.7", "--keepalived.config-id=nobody"}, []string{
			`lvsdns_keepalived_info{version="2.2.7",config_id="nobody"} 1`, "lvsdns_keepalived_virtual_servers 1", `lvsdns_keepalived_notes{kind="unknown"} 1`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"etc/keepalived/keepalived.conf": conditional(id)}
			if tt.program != "" {
				files[program] = tt.program
			}
			address := start(t, append(tt.flags, "--sources.root="+tree(t, files))...)
			status, page := get(t, http.DefaultClient, "http://"+address+"/metrics")
			if status != 200 {
				t.Errorf("status %d", status)
			}
			for _, line := range tt.want {
				if !strings.Contains(page, line+"\n") {
					t.Errorf("not on the page: %s", line)
				}
			}
		})
	}
}

// TestEnds has what keeps the program from running, and what an operator reads then.
func TestEnds(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	const good = "../../packaging/exporter.yaml"
	bad := filepath.Join(tree(t, map[string]string{"exporter.yaml": "metric: {}\nweb:\n  listen: \":9741\"\n"}), "exporter.yaml")
	for _, tt := range []struct {
		name           string
		args           []string
		status         int
		stdout, stderr string // the beginning
	}{
		{"help", []string{"--help"}, 0, "usage: lvsdns-exporter [flags]\n", ""},
		{"version", []string{"--version"}, 0, "lvsdns-exporter ", ""},
		{"flag", []string{"--colour"}, 2, "", "lvsdns-exporter: --colour: no such flag; --help lists them\n"},
		{"file", []string{"--config", bad}, 2, "", "lvsdns-exporter: " + bad + ": "},
		{"check a good file", []string{"check-config", "--config", good}, 0, good + ": nothing is wrong with it\n", ""},
		{"check a bad file", []string{"check-config", "--config", bad}, 2, "", "lvsdns-exporter: " + bad + ": "},
		{"check a file that is not there", []string{"check-config", "--config", bad + "x"}, 2, "", "lvsdns-exporter: read settings: "},
		{"check a flag", []string{"check-config", "--sources.timeout", "ages"}, 2, "", "lvsdns-exporter: --sources.timeout: "},
		{"address", []string{"--config", "/dev/null", "--checks.socket=", "--web.listen-address", taken.Addr().String()}, 1, "",
			`level=ERROR msg="lvsdns-exporter ends" error="listen tcp ` + taken.Addr().String() + `: bind: address already in use`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), nil, tt.args, &stdout, &stderr)
			said := stderr.String()
			if at := strings.Index(said, "level="); at > 0 { // after the time
				said = said[at:]
			}
			if status != tt.status || !strings.HasPrefix(stdout.String(), tt.stdout) || !strings.HasPrefix(said, tt.stderr) || (tt.stderr == "") != (said == "") {
				t.Errorf("exit status %d, want %d\nstdout: %.300s\nstderr: %s", status, tt.status, stdout.String(), stderr.String())
			}
		})
	}
}
