//go:build lab && prove

package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

const (
	kills   = 200
	victims = 4  // directors on which they happen at the same time
	tracked = 12 // files that say which real servers serve
	foreign = "-a -u 192.0.2.99:53 -r 10.0.0.9:53 -g -w 3"
)

// TestKill ends lvsdns-fallback with SIGKILL at random moments: while it takes the table over, while it writes, and while it watches.
// The table that is left has nothing that neither the one before nor the one on its way has, and lacks nothing that both have. The next
// lvsdns-fallback brings it to what the checks say with exactly the writes that are missing.
func TestKill(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var killed, torn, writes atomic.Int64
	t.Parallel()
	t.Run("directors", func(t *testing.T) {
		for n := range victims {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				v := &victim{rig: newRigOf(t, fmt.Sprint(n)), random: rand.New(rand.NewPCG(seed, uint64(n)))}
				t.Parallel()
				v.begin()
				for round := range kills / victims {
					left, part := v.kill(round%2 == 1)
					if part {
						torn.Add(1)
					}
					writes.Add(int64(v.converge(left)))
					killed.Add(1)
					if t.Failed() {
						return
					}
				}
			})
		}
	})
	t.Logf("%d kills; %d of them left the table between the one before and the one on its way; %d writes brought it there, none too many", killed.Load(), torn.Load(), writes.Load())
}

type victim struct {
	*rig
	random *rand.Rand
	down   [tracked]bool
	p      *labtest.Process
}

// begin makes the configuration: real servers that a file takes out, in services of their own kinds, and a service of somebody else.
func (v *victim) begin() {
	var text strings.Builder
	for i := range tracked {
		fmt.Fprintf(&text, "track_file f%d {\n file %s\n weight 0\n}\n", i, v.file(fmt.Sprint("f", i)))
	}
	for _, s := range v.services() {
		fmt.Fprintf(&text, "virtual_server %s 53 {\n protocol UDP\n lb_algo wrr\n lb_kind DR\n", s.vip)
		if s.sorry {
			text.WriteString("sorry_server 10.9.9.9 53\n")
		}
		for i, f := range s.files {
			fmt.Fprintf(&text, "real_server %s 53 {\n weight %d\n FILE_CHECK {\n track_file f%d\n}\n}\n", s.rip(i), i+1, f)
		}
		text.WriteString("}\n")
	}
	v.director.IPVSAdm("-A -u 192.0.2.99:53 -s rr", foreign)
	v.configure(text.String())
	v.set()
	v.p = v.fallback()
	v.came(v.target())
}

// service is a virtual server; files are those of its real servers.
type service struct {
	vip   string
	sorry bool
	files []int
}

func (s service) rip(i int) string {
	return strings.Replace(s.vip, "192.0.", "10.0.", 1) + fmt.Sprint(i)
}

func (v *victim) services() (all []service) {
	for n := range 40 {
		s := service{vip: fmt.Sprintf("192.0.%d.1", n+3), sorry: n%4 == 0}
		for i := range 6 {
			f := (n*5 + i*7) % tracked
			if s.sorry {
				f = n % tracked // all of them together
			}
			s.files = append(s.files, f)
		}
		all = append(all, s)
	}
	return all
}

// target is the table, sorted, that the files ask for.
func (v *victim) target() string {
	lines := []string{"-A -u 192.0.2.99:53 -s rr", foreign}
	for _, s := range v.services() {
		lines = append(lines, "-A -u "+s.vip+":53 -s wrr")
		up := 0
		for i, f := range s.files {
			if !v.down[f] {
				up++
				lines = append(lines, fmt.Sprintf("-a -u %s:53 -r %s:53 -g -w %d", s.vip, s.rip(i), i+1))
			}
		}
		if s.sorry && up == 0 {
			lines = append(lines, fmt.Sprintf("-a -u %s:53 -r 10.9.9.9:53 -g -w 1", s.vip))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// set writes the files as down says.
func (v *victim) set() {
	for i, down := range v.down {
		text := "0"
		if down {
			text = "1"
		}
		name := v.file(fmt.Sprint("f", i))
		if err := os.WriteFile(name+".new", []byte(text), 0o644); err != nil {
			v.t.Error(err)
		}
		if err := os.Rename(name+".new", name); err != nil {
			v.t.Error(err)
		}
	}
}

// came waits for a table.
func (v *victim) came(target string) {
	v.t.Helper()
	v.WaitFor("the table is as the checks say", time.Minute, func() bool { return v.table() == target })
}

// kill changes what the checks find, and ends the process at a random moment after that: one that has run for long, or one that has
// just begun. It returns the table that is left, and whether that is between the two.
func (v *victim) kill(starting bool) (left string, torn bool) {
	before := v.table()
	for i := range v.down {
		v.down[i] = v.random.IntN(2) == 0
	}
	target := v.target()
	most := 900 * time.Millisecond // a file is read every half second
	if starting {
		v.p.Kill()
		most = 2500 * time.Millisecond // the guard takes one of them
	}
	v.set()
	if starting {
		v.p = v.fallback()
	}
	moment := time.Duration(v.random.Int64N(int64(most)))
	time.Sleep(moment)
	v.p.Kill()
	left = v.table()
	if what := worse(before, target, left); what != "" {
		v.t.Errorf("killed after %s (starting: %t), the table %s\nbefore\n%s\nleft\n%s", moment, starting, what, before, left)
	}
	return left, left != before && left != target
}

// converge starts another, and counts its writes.
func (v *victim) converge(left string) int {
	target := v.target()
	mark := len(v.p.Log())
	v.p = v.fallback()
	v.came(target)
	time.Sleep(800 * time.Millisecond) // every check runs once more
	log := v.p.Log()[mark:]
	wrote, needed := strings.Count(log, "msg=written"), difference(left, target)
	if wrote != needed || v.table() != target {
		v.t.Errorf("%d writes where %d are needed:\n%s\nleft\n%s\ntarget\n%s", wrote, needed, log, left, target)
	}
	return wrote
}

// worse says in what a table is outside of what lies between two others; empty: it is not. A service that has a real server in both
// is never without: what is added comes first.
func worse(before, target, now string) string {
	a, b, lines := strings.Split(before, "\n"), strings.Split(target, "\n"), strings.Split(now, "\n")
	for _, l := range lines {
		if !slices.Contains(a, l) && !slices.Contains(b, l) {
			return "has " + l
		}
	}
	for _, l := range a {
		if slices.Contains(b, l) && !slices.Contains(lines, l) {
			return "lost " + l
		}
		if vip, ok := strings.CutPrefix(l, "-A "); ok && strings.Contains(before+target, "-a "+strings.Fields(vip)[0]+" "+strings.Fields(vip)[1]+" -r 10.9.9.9") {
			if !strings.Contains(now, "-a "+strings.Fields(vip)[0]+" "+strings.Fields(vip)[1]) {
				return "has nobody for " + vip
			}
		}
	}
	return ""
}

// difference is the number of lines that one has and the other has not.
func difference(a, b string) int {
	n := 0
	for _, x := range [][2]string{{a, b}, {b, a}} {
		other := strings.Split(x[1], "\n")
		for l := range strings.SplitSeq(x[0], "\n") {
			if !slices.Contains(other, l) {
				n++
			}
		}
	}
	return n
}
