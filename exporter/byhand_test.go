package exporter

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestByHand: keepalived.conf has a check, which fails and then stops; beside it somebody mistypes the name. Both are on the page, one red, the
// other apart; the one is still there after hours, the other is gone after ten minutes.
func TestByHand(t *testing.T) {
	root := t.TempDir()
	conf := func(misc string) {
		text := fmt.Sprintf("virtual_server 192.0.2.1 53 {\n\tprotocol UDP\n\tlb_algo wrr\n\treal_server 198.51.100.1 53 {\n\t\t%s\n\t}\n}\n", misc)
		if err := os.WriteFile(filepath.Join(root, "k"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	conf("MISC_CHECK {\n\t\t\tmisc_path \"/usr/bin/lvsdns-check --name example.com 198.51.100.1\"\n\t\t}")
	r := newRig(t, func(c *Config) {
		c.Configuration = func() (*keepalived.Config, error) {
			return keepalived.Load("k", keepalived.Options{FS: os.DirFS(root)})
		}
	})
	say := func(name, outcome string) {
		t.Helper()
		r.say(t, fmt.Sprintf(`{"server":"198.51.100.1:53","name":"%s","type":"SOA","transport":"udp","path":"rip","outcome":"%s","rcode":null}`, name, outcome))
	}
	// where is how each of the two is shown: in the metrics, in the state, on the page.
	where := func() string {
		t.Helper()
		metrics := r.page(t, "")
		recorder := httptest.NewRecorder()
		r.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
		page := recorder.Body.String()
		red, apart, _ := strings.Cut(page, "Checks run by hand")
		state := r.State(t.Context())
		var all []string
		for _, name := range []string{"example.com.", "exmaple.com."} {
			how := "gone"
			for _, c := range state.Checks {
				if c.Name == name {
					how = map[bool]string{true: "scheduled", false: "by hand"}[c.Scheduled]
				}
			}
			series := fmt.Sprintf(`lvsdns_check_scheduled{server="198.51.100.1:53",name="%s",type="SOA",transport="udp",path="rip"} `, name)
			if inRed, inApart := strings.Contains(red, name), strings.Contains(apart, name); inRed != (how == "scheduled") || inApart != (how == "by hand") ||
				strings.Contains(metrics, series+"1") != (how == "scheduled") || strings.Contains(metrics, series+"0") != (how == "by hand") {
				t.Errorf("%s is %s in the state, on the page %t and apart %t, in the metrics\n%s", name, how, inRed, inApart, metrics)
			}
			all = append(all, how)
		}
		if fails := strings.Contains(page, "check fails"); fails != (all[0] == "scheduled") {
			t.Errorf("the page says that a check fails: %t", fails)
		}
		return strings.Join(all, ", ")
	}
	look := func(when, want string) {
		t.Helper()
		if got := where(); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	say("example.com.", "timeout")
	say("exmaple.com.", "rcode")
	look("at once", "scheduled, by hand")
	if all, _, _ := r.checks.ForDrift(r.scheduled(t.Context())); len(all) != 1 {
		t.Errorf("drift hears of %d checks", len(all))
	}
	r.clock.pass(9 * time.Minute)
	look("nine minutes later", "scheduled, by hand")
	r.clock.pass(2 * time.Minute)
	look("eleven minutes later", "scheduled, gone")
	r.clock.pass(20 * time.Hour)
	look("twenty hours later", "scheduled, gone")
	say("exmaple.com.", "rcode")
	look("when it is tried again", "scheduled, by hand")
	if !strings.Contains(r.page(t, ""), `name="exmaple.com.",type="SOA",transport="udp",path="rip",outcome="rcode",rcode=""} 2`) {
		t.Error("its runs were not counted meanwhile")
	}
	conf("")
	r.clock.pass(20 * time.Second)
	look("when keepalived.conf has it no more", "gone, by hand")
}
