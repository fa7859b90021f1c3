//go:build lab && bench

package main_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/report"
	"github.com/lvsdns/lvsdns/internal/labtest"
)

// checkers are what the virtual servers of TestRemoval check with. Where in its cycle each of them is when the server dies is chance, so there
// are many; fewer of those for which keepalived starts a process, or that is what takes all of the guest's processor.
var checkers = [...]struct {
	name     string
	virtuals int
	text     string
}{
	{"MISC_CHECK, lvsdns-check", 4, "MISC_CHECK {\n misc_path \"/usr/bin/lvsdns-check --timeout 1s --attempts 1 --name example.com 192.168.1.21\"\n misc_timeout 3\n}"},
	{"DNS_CHECK", 16, "DNS_CHECK {\n type SOA\n name example.com\n connect_timeout 1\n}"},
	{"TCP_CHECK", 16, "TCP_CHECK {\n connect_timeout 1\n}"},
}

// TestRemoval measures the time from a server's death to its removal from the table, under keepalived and under lvsdns-fallback at the same
// time: two directors with the same configuration check the same server.
func TestRemoval(t *testing.T) {
	const rounds = 40
	lab := labtest.New(t)
	lab.Install("lvsdns-fallback", "/usr/bin/lvsdns-fallback")
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lan := lab.LAN("lan", "192.168.1.0/24")
	stock, ours := lab.Director("stock", lan.At("192.168.1.11")), lab.Director("ours", lan.At("192.168.1.12"))
	server := lab.RealServer("dns1", lan.At("192.168.1.21")).NameServer(labtest.NSD)
	var text strings.Builder
	text.WriteString("global_defs {\n enable_script_security\n script_user root\n}\n")
	all := 0
	for i, c := range checkers {
		for v := range c.virtuals {
			all++
			fmt.Fprintf(&text, "virtual_server 192.168.%d.%d 53 {\n protocol TCP\n lb_algo rr\n lb_kind DR\n delay_loop 2\n warmup 2\n retry 1\n delay_before_retry 1\n real_server 192.168.1.21 53 {\n%s\n}\n}\n", 100+i, 1+v, c.text)
		}
	}
	k := stock.Keepalived(text.String())
	conf := lab.Dir() + "/stock/keepalived.conf"
	p := ours.Start("/usr/bin/lvsdns-fallback", "run", "--keepalived-config", conf, "--checkers-pid-file", "", "--lock-file", lab.Dir()+"/lock", "--state-file", "", "--report-file", "")
	pids := [2]int{k.PID(), p.PID()}
	full := func() bool {
		return len(serving(t, pids[0])) == all && len(serving(t, pids[1])) == all
	}
	lab.WaitFor("both tables are full", time.Minute, full)
	var took [2][len(checkers)][]time.Duration
	for range rounds {
		time.Sleep(time.Duration(rand.Int64N(int64(2 * time.Second))))
		began := time.Now()
		server.Kill()
		left := [2]map[[2]int]bool{serving(t, pids[0]), serving(t, pids[1])}
		for len(left[0])+len(left[1]) > 0 {
			time.Sleep(5 * time.Millisecond)
			for d := range left {
				now := serving(t, pids[d])
				after := time.Since(began)
				for at := range left[d] {
					if !now[at] {
						took[d][at[0]] = append(took[d][at[0]], after)
						delete(left[d], at)
					}
				}
			}
			if time.Since(began) > time.Minute {
				t.Fatalf("after a minute there are still %v\n%s", left, lab.Dump())
			}
		}
		server.Repair()
		lab.WaitFor("both tables are full", time.Minute, full)
	}
	t.Logf("from a server's death to its removal, %d times; delay_loop 2, retry 1, delay_before_retry 1; seconds: median, mean, longest", rounds)
	t.Logf("%-28s %7s %22s %22s", "", "removals", "keepalived", "lvsdns-fallback")
	for i, c := range checkers {
		t.Logf("%-28s %7d %22s %22s", c.name, len(took[1][i]), spread(took[0][i]), spread(took[1][i]))
	}
	for i, c := range checkers {
		if n := len(took[0][i]); n != rounds*c.virtuals || len(took[1][i]) != n {
			t.Errorf("%d and %d removals", n, len(took[1][i]))
		}
		less := mean(took[0][i]) - mean(took[1][i])
		doubt := math.Sqrt(math.Pow(doubt(took[0][i]), 2) + math.Pow(doubt(took[1][i]), 2))
		word := "met"
		if less < -2*doubt {
			word = "NOT MET"
		}
		t.Logf("goal: %s: the mean is at most keepalived's: it is %.3f s less, with a standard error of %.3f s: %s", c.name, less, doubt, word)
	}
	if !p.Running() {
		t.Error(p.Log())
	}
}

// serving are the virtual servers that have their real server in the network namespace of a process: kind of check and number. The kernel's
// text is the cheapest look; the others slow down what is measured.
func serving(t *testing.T, pid int) map[[2]int]bool {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/ip_vs", pid))
	if err != nil {
		t.Fatal(err)
	}
	up := map[[2]int]bool{}
	var at [2]int
	for line := range strings.Lines(string(text)) {
		var b [4]int
		switch {
		case strings.HasPrefix(line, "TCP "):
			_, err = fmt.Sscanf(line, "TCP %2x%2x%2x%2x:", &b[0], &b[1], &b[2], &b[3])
			at = [2]int{b[2] - 100, b[3]}
		case strings.HasPrefix(line, "  -> C0A80115:"):
			up[at] = true
		}
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	return up
}

func mean(all []time.Duration) float64 {
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	return sum.Seconds() / float64(len(all))
}

// doubt is the standard error of the mean.
func doubt(all []time.Duration) float64 {
	m, sum := mean(all), 0.0
	for _, d := range all {
		sum += math.Pow(d.Seconds()-m, 2)
	}
	return math.Sqrt(sum/float64(len(all)-1)) / math.Sqrt(float64(len(all)))
}

func spread(all []time.Duration) string {
	all = slices.Clone(all)
	slices.Sort(all)
	return fmt.Sprintf("%.2f %.2f %.2f", all[len(all)/2].Seconds(), mean(all), all[len(all)-1].Seconds())
}

func goal(t *testing.T, what string, got, limit float64) {
	t.Helper()
	word := "met"
	if got > limit {
		word = "NOT MET"
	}
	t.Logf("goal: %s: at most %.2f, is %.2f: %s", what, limit, got, word)
}

func total(r report.Report) (n uint64) {
	for _, count := range r.Checks {
		n += count
	}
	return n
}

// TestMemory runs lvsdns-fallback with 1,000 virtual servers of 10 real servers each until every check has run, and prints what memory it has
// taken at most.
func TestMemory(t *testing.T) {
	lab := labtest.New(t)
	lab.Install("lvsdns-fallback", "/usr/bin/lvsdns-fallback")
	lab.Install("lvsdns-check", "/usr/bin/lvsdns-check")
	lan := lab.LAN("lan", "192.168.1.0/24")
	director := lab.Director("director", lan.At("192.168.1.11"))
	servers := make([]string, 10)
	for i := range servers {
		servers[i] = fmt.Sprintf("192.168.1.%d", 21+i)
	}
	lab.RealServer("dns", lan.At(servers...)).NameServer(labtest.NSD)
	var text strings.Builder
	text.WriteString("global_defs {\n enable_script_security\n script_user root\n}\n")
	for v := range 1000 {
		fmt.Fprintf(&text, "virtual_server 10.1.%d.%d 53 {\n protocol UDP\n lb_algo wrr\n lb_kind DR\n delay_loop 60\n warmup 60\n retry 1\n", v/250, v%250+1)
		for _, s := range servers {
			fmt.Fprintf(&text, "real_server %s 53 {\n MISC_CHECK {\n misc_path \"/usr/bin/lvsdns-check --name example.com %s\"\n misc_timeout 5\n}\n}\n", s, s)
		}
		text.WriteString("}\n")
	}
	conf := lab.Dir() + "/keepalived.conf"
	if err := os.WriteFile(conf, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	file := lab.Dir() + "/report.json"
	p := director.Start("/usr/bin/lvsdns-fallback", "run", "--keepalived-config", conf, "--checkers-pid-file", "", "--lock-file", lab.Dir()+"/lock", "--state-file", lab.Dir()+"/state", "--report-file", file)
	var r report.Report
	// Asking the kernel would cost more than all the checks do.
	until := func(what string, f func() bool) time.Duration {
		return lab.WaitFor(what, 5*time.Minute, func() bool {
			if read, err := report.Read(file); err == nil && read != nil {
				r = *read
			}
			return f()
		})
	}
	took := until("every real server serves", func() bool { return r.Up == 10000 })
	t.Logf("every real server serves after %.0f s, %d checks of which %d failed", took.Seconds(), total(r), r.Checks[report.Fail])
	done, failed := total(r), r.Checks[report.Fail]
	took = until("each check has run once more", func() bool { return total(r) >= done+10000 })
	t.Logf("the next 10,000 checks took %.0f s, %d failed", took.Seconds(), r.Checks[report.Fail]-failed)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var most, now float64
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, "VmHWM: %f kB", &most)
		_, _ = fmt.Sscanf(line, "VmRSS: %f kB", &now)
	}
	t.Logf("lvsdns-fallback with 1,000 x 10 real servers, each checked: %.1f MB, at most %.1f MB", now/1024, most/1024)
	goal(t, "memory in MB", most/1024, 60)
	if most == 0 {
		t.Error("nothing was measured")
	}
}
