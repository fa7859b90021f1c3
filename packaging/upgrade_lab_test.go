//go:build lab && prove

package packaging_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

const checker = "/usr/bin/lvsdns-check"

var upgrades = flag.Int("upgrades", 200, "how many upgrades and downgrades are killed")

// TestUpgrades upgrades and downgrades the package under load, and kills dpkg and its scripts at random moments. keepalived asks each
// second: the healthy server must stay in the table, and the broken one must stay out, since a check that cannot be run counts as passed.
func TestUpgrades(t *testing.T) {
	d := newDirector(t)
	d.must("apt-get", "install", "-y", built(t, "deb"))
	older := d.repacked("older", "")
	newer := d.repacked("newer", `sed -i 's/^Version: .*/&+newer/' DEBIAN/control
		for program in usr/bin/*; do printf '\n' >>"$program"; done`)
	d.check()
	d.serve("with lvsdns-check", healthy)
	d.orderly(older, newer)

	var watchers sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer watchers.Wait()
	defer stop()
	sizes := map[int64]bool{d.size(): true}
	begin := time.Now()
	d.must("dpkg", "--install", older)
	whole := time.Since(begin)
	sizes[d.size()] = true
	if len(sizes) != 2 {
		t.Fatalf("the two versions of the checker have the sizes %v", sizes)
	}
	var looks, asked int
	watchers.Go(func() { looks = watch(ctx, t, d.file(checker), sizes) })
	watchers.Go(func() { asked = ask(ctx, t, d.client) })

	quiet := d.changes()
	killed := 0
	for i := range *upgrades {
		version := []string{newer, older}[i%2]
		p := d.host.Start("nsenter", "-t", fmt.Sprint(d.Namespace()), "-m", "-p", "dpkg", "--install", version)
		select {
		case <-ctx.Done():
			return
		case <-time.After(rand.N(whole)):
		}
		if p.Running() {
			killed++
		}
		p.Kill()
		if out := d.must("ipvsadm", "-Ln"); !strings.Contains(out, healthy) || strings.Contains(out, broken) {
			t.Fatalf("upgrade %d: the table is\n%s", i, out)
		}
	}
	if now := d.changes(); now != quiet {
		t.Errorf("keepalived has changed the table:\n%s", strings.TrimPrefix(now, quiet))
	}
	stop()
	watchers.Wait()
	t.Logf("%d of %d upgrades were killed, one takes %v; the checker was looked at %d times, clients have asked %d times",
		killed, *upgrades, whole, looks, asked)

	// Whatever was left half done: one more goes through, and all is there.
	d.must("dpkg", "--install", older)
	for _, question := range []string{"--audit", "--verify"} {
		if said := d.must("dpkg", question, "lvsdns"); strings.Contains(said, "/usr/") || question == "--audit" && said != "" {
			t.Errorf("in the end dpkg %s says %s", question, said)
		}
	}
	d.shows("lvsdns_check_success", `server="`+healthy+`:53"`, "1")
	d.serve("in the end", healthy)
}

// orderly is one upgrade that nobody disturbs, and a downgrade: which services go on, and which are restarted.
func (d *director) orderly(older, newer string) {
	d.t.Helper()
	d.write("/etc/lvsdns/fallback.yaml", "standby: true\n")
	d.must("systemctl", "start", fallback, fifo)
	process := func(unit string) string { return d.Show(unit, "MainPID") }
	read, acts, waits := process(exporter), process(fifo), process(fallback)
	said := d.must("dpkg", "--install", "--force-confold", newer)
	if process(exporter) == read || process(fifo) == acts {
		d.t.Errorf("after an upgrade the services are as before")
	}
	if process(fallback) != waits || !strings.Contains(said, "systemctl restart lvsdns-fallback") {
		d.t.Errorf("an upgrade has restarted lvsdns-fallback, or does not say how to:\n%s", said)
	}
	d.must("systemctl", "stop", fallback)

	// What the administrator has switched off stays off.
	d.must("systemctl", "disable", "--now", exporter)
	d.must("dpkg", "--install", older)
	d.unit(exporter, "disabled inactive")
	d.unit(fallback, "disabled inactive")
	if text, err := os.ReadFile(d.file("/etc/lvsdns/fallback.yaml")); err != nil || string(text) != "standby: true\n" {
		d.t.Errorf("the settings are %q, %v", text, err)
	}
	d.must("systemctl", "enable", "--now", exporter)
	d.must("dpkg", "--install", newer)
}

// repacked is the package with a change to its tree. It is not compressed: so most of the time of an upgrade is that of dpkg.
func (d *director) repacked(name, change string) string {
	d.t.Helper()
	tree := "/var/tmp/" + name
	d.must("dpkg-deb", "--raw-extract", built(d.t, "deb"), tree)
	d.must("sh", "-ec", "cd "+tree+"\n"+change)
	d.must("dpkg-deb", "-Znone", "--root-owner-group", "--build", tree, tree+".deb")
	d.must("rm", "-r", tree)
	return tree + ".deb"
}

func (d *director) size() int64 {
	d.t.Helper()
	info, err := os.Stat(d.file(checker))
	if err != nil {
		d.t.Fatal(err)
	}
	return info.Size()
}

// changes are the lines in which keepalived says that it changes the table.
func (d *director) changes() string {
	d.t.Helper()
	text := d.must("journalctl", "--output=cat", "--unit=keepalived.service")
	return strings.Join(regexp.MustCompile(`(?m)^.*(Adding|Removing|Enabling|Disabling) service.*$`).FindAllString(text, -1), "\n")
}

// watch looks at the checker a thousand times a second: it is there, whole, and can be executed.
func watch(ctx context.Context, t *testing.T, checker string, sizes map[int64]bool) (looks int) {
	for ctx.Err() == nil {
		info, err := os.Stat(checker)
		if err != nil || !sizes[info.Size()] || info.Mode() != 0o755 {
			t.Errorf("the checker is %v, %v", info, err)
			return looks
		}
		looks++
		time.Sleep(time.Millisecond)
	}
	return looks
}

// ask is a client: each answer is good, for the broken server gets no question.
func ask(ctx context.Context, t *testing.T, client *labtest.Host) (asked int) {
	for ctx.Err() == nil {
		answer, err := client.Ask(labtest.Question{Server: vip, Timeout: 20 * time.Second})
		if ctx.Err() == nil && (err != nil || answer.Rcode != "NOERROR") {
			t.Errorf("a client gets %+v, %v", answer, err)
		}
		asked++
		time.Sleep(20 * time.Millisecond)
	}
	return asked
}
