package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/lvsdns/lvsdns/alerts"
	"github.com/lvsdns/lvsdns/internal/guest"
)

// prometheusConf asks often, so that a spectator need not wait; docs/operations.md has the one for production.
const prometheusConf = `global:
  scrape_interval: 2s
  scrape_timeout: 2s
  evaluation_interval: 2s
rule_files: [lvsdns.yml]
scrape_configs:
  - job_name: lvsdns
    static_configs:
      - targets: [%q]
        labels: {instance: director}
      - targets: [%q]
        labels: {instance: dns1}
      - targets: [%q]
        labels: {instance: dns2}
`

// prometheus is Debian's, on the host's side of a link.
type prometheus struct {
	dir  string
	cmd  *exec.Cmd
	err  error         // how it ended
	done chan struct{} // closed when it has
	gone func()        // removes dir
}

// startPrometheus starts it with the project's alerts. It ends with this process, however that ends, and so does its directory.
func startPrometheus(link *guest.Link) (*prometheus, error) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		return nil, errors.New("prometheus is not installed: run lab/setup.sh")
	}
	dir, alive, remove, err := guest.TempDir()
	if err != nil {
		return nil, err
	}
	p := &prometheus{dir: dir, done: make(chan struct{}), gone: remove}
	started := make(chan error)
	go p.run(link, program, alive, started)
	if err := <-started; err != nil {
		remove()
		return nil, err
	}
	return p, nil
}

func (p *prometheus) run(link *guest.Link, program string, alive *os.File, started chan<- error) {
	// Pdeathsig speaks of the thread that started a process (prctl(2)): keep it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	file := func(name string) string { return filepath.Join(p.dir, name) }
	log, err := os.Create(file("log"))
	if err == nil {
		defer log.Close()
		err = errors.Join(
			os.WriteFile(file("lvsdns.yml"), alerts.Rules(), 0o644),
			os.WriteFile(file("prometheus.yml"), fmt.Appendf(nil, prometheusConf, statusPage, exporterOf(rips[0]), exporterOf(rips[1])), 0o644))
	}
	if err != nil {
		started <- err
		return
	}
	p.cmd = exec.Command(program, "--config.file="+file("prometheus.yml"), "--storage.tsdb.path="+file("data"),
		"--web.listen-address=:9090", "--log.level=warn")
	p.cmd.Dir = p.dir
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.ExtraFiles = []*os.File{alive}
	// Its own group: Ctrl-C is for us, and we end it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := link.Start(p.cmd); err != nil {
		started <- fmt.Errorf("start prometheus: %w", err)
		return
	}
	started <- nil
	p.err = p.cmd.Wait()
	close(p.done)
}

// stop ends it; its data are worth nothing.
func (p *prometheus) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	p.gone()
}

func (p *prometheus) log() string {
	b, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4000):])
}
