//go:build lab

package main_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// TestPIDFiles: a real keepalived that is told of no pidfile has its own where its configuration is said to put them.
func TestPIDFiles(t *testing.T) {
	r := newRig(t)
	r.checks(0, 0)
	for _, first := range []string{"", "use_pid_dir\n", "instance a\n", "net_namespace director\n", "net_namespace director\ninstance a\n"} {
		file := r.file("own.conf")
		if err := os.WriteFile(file, []byte(first+strings.ReplaceAll(r.conf(two), "MORE", "")), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := keepalived.Load(file, keepalived.Options{ConfigID: "x"})
		if err != nil {
			t.Fatal(err)
		}
		k := r.director.Start("keepalived", "--dont-fork", "--log-console", "--check", "--use-file="+file)
		alive := func(path string) bool {
			text, err := os.ReadFile(path)
			pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
			_, gone := os.Stat("/proc/" + strconv.Itoa(pid))
			return err == nil && pid > 1 && gone == nil
		}
		r.WaitFor(c.Global.PIDFile()+" and "+c.Global.CheckersPIDFile(), 20*time.Second, func() bool {
			return alive(c.Global.PIDFile()) && alive(c.Global.CheckersPIDFile())
		})
		k.Stop()
	}
}
