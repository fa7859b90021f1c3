//go:build lab

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// container is what podman does with the options of docs/container.md, without its control groups: $1 is an empty directory. It
// becomes the root, with nothing but a static program and the mounts that the page names; of the capabilities one is left, and that
// of chroot itself.
const container = `set -e
root=$1
mkdir -p "$root/usr/bin" "$root/proc" "$root/dev" "$root/host" "$root/run/lvsdns" "$root/var/lib/lvsdns" /run/lvsdns /var/lib/lvsdns
cp /usr/bin/lvsdns-exporter "$root/usr/bin/"
mount -t proc proc "$root/proc"
mount --rbind --make-rslave / "$root/host"
mount -o remount,bind,ro "$root/host"
mount --bind /run/lvsdns "$root/run/lvsdns"
mount --bind -o ro /var/lib/lvsdns "$root/var/lib/lvsdns"
exec setpriv --bounding-set=-all,+net_admin,+sys_chroot chroot "$root" /usr/bin/lvsdns-exporter --sources.root /host \
	--web.listen-address 127.0.0.1:9741 --sources.share 0s --sources.timeout 30s
`

// TestContainer: with what docs/container.md asks of the host every source is up, keepalived.conf with what it includes is read, and
// checks of the host are heard.
func TestContainer(t *testing.T) {
	r := newRig(t)
	r.lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	if err := os.MkdirAll("/etc/keepalived", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"keepalived.conf": "include /etc/keepalived/dns.conf\n",
		"dns.conf": fmt.Sprintf("virtual_server %s 53 {\n\tprotocol UDP\n\tlb_algo rr\n\tlb_kind NAT\n\treal_server %s 53 {\n\t}\n}\n",
			vip, rip),
	} {
		// The other tests of this guest have a host without it.
		t.Cleanup(func() { _ = os.Remove(filepath.Join("/etc/keepalived", name)) })
		if err := os.WriteFile(filepath.Join("/etc/keepalived", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r.director.IPVSAdm("-A -u "+vip+":53 -s rr", "-a -u "+vip+":53 -r "+rip+":53 -m -w 1")
	root := filepath.Join(r.lab.Dir(), "container")
	r.exporter = r.director.Start("unshare", "--mount", "sh", "-c", container, "sh", root)
	r.lab.WaitFor("the exporter listens", time.Minute, func() bool {
		_, err := r.get("/-/ready")
		return err == nil
	})
	p := r.page()
	for _, s := range p["lvsdns_source_up"] {
		if s.value != 1 {
			t.Errorf("the source %s: %s", s.labels["source"], p.up(s.labels["source"]))
		}
	}
	for _, s := range []string{"ipvs", "keepalived", "drift", "conntrack"} {
		if up := p.up(s); up != "up" {
			t.Errorf("the source %s: %s\n%s", s, up, r.exporter.Log())
		}
	}
	if _, ok := p.value("lvsdns_ipvs_real_server_weight", "rip="+rip); !ok {
		t.Error("the real server is not on the page")
	}
	r.run1("/usr/bin/lvsdns-check", "--rcode", "NOERROR,REFUSED", rip) // the root is no zone of its name server
	r.lab.WaitFor("the check is heard of", time.Minute, func() bool {
		_, ok := r.page().value("lvsdns_check_success", "server="+rip+":53")
		return ok
	})
	if entries, err := os.ReadDir(filepath.Join(root, "usr/bin")); err != nil || len(entries) != 1 {
		t.Errorf("the root has %v, %v", entries, err)
	}
}
