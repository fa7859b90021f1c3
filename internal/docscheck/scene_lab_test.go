//go:build lab

package docscheck

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/labtest"
)

// event lets something happen before the commands of a console, and returns what undoes it.
func (s *scene) event(name string) (undo func(), err error) {
	const service = " -u 192.168.1.100:53 -r "
	adm := s.director.IPVSAdm
	switch name {
	case "":
		return func() {}, nil
	case "weight-0": // A hand in the table: keepalived, which has set 1, will not set it again.
		adm("-e" + service + "192.168.1.21:53 -g -w 0")
		// As docs/flows.md asks for: drift has nothing to say of the kernel then.
		if _, err := s.director.Run(s.t.Context(), "sysctl", "-qw", "net.ipv4.vs.expire_nodest_conn=1"); err != nil {
			return nil, err
		}
		return func() { adm("-e" + service + "192.168.1.21:53 -g -w 1") }, nil
	case "other-hands":
		adm("-e"+service+"192.168.1.21:53 -g -w 77", "-a"+service+"192.168.1.29:53 -g -w 7")
		return func() { adm("-d"+service+"192.168.1.29:53", "-e"+service+"192.168.1.21:53 -g -w 1") }, nil
	case "removal":
		return s.removal()
	case "failover":
		return s.failover()
	default:
		return nil, fmt.Errorf("there is no such event as %s", name)
	}
}

// removal takes the real server away that a client with a steady source port has: both of the kernel's tables go on to lead there.
func (s *scene) removal() (undo func(), err error) {
	const service = "-u 192.168.1.101:53"
	run := func(host *labtest.Host, words string) {
		if err == nil {
			fields := strings.Fields(words)
			_, err = host.Run(s.t.Context(), fields[0], fields[1:]...)
		}
	}
	run(s.director, "sysctl -qw net.ipv4.vs.conntrack=1 net.ipv4.vs.expire_nodest_conn=0")
	run(s.director, "iptables-legacy -w 5 -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT")
	s.director.IPVSAdm("-A "+service+" -s rr", "-a "+service+" -r 192.168.1.22:53 -m -w 1")
	run(s.client, "dig -b 192.168.1.50#4000 @192.168.1.101 example.com SOA +tries=2")
	s.director.IPVSAdm("-d " + service + " -r 192.168.1.22:53")
	return func() { s.director.IPVSAdm("-D " + service) }, err
}

// failover has the addresses of docs/notify.md come here, and keepalived say so to the hook. There is no HAProxy, so its action fails.
func (s *scene) failover() (undo func(), err error) {
	const conf, rules = "/run/lvsdns/failover.conf", "/run/lvsdns/failover.yaml"
	for _, b := range slices.Backward(documents(s.t)) { // the first of each kind stays
		switch {
		case b.File == "docs/notify.md" && b.Kind == "keepalived":
			s.write(conf, b.Text, 0o644)
		case b.File == "docs/notify.md" && b.Kind == "settings":
			s.write(rules, b.Text, 0o644)
		}
	}
	if err := s.run(0, "ip", "address", "add", "192.168.1.90/24", "dev", "eth0"); err != nil {
		return nil, err
	}
	undo = func() {
		if err := s.run(0, "sh", "-c", "ip address del 192.168.1.90/24 dev eth0; rm /var/lib/lvsdns/notify.journal"); err != nil {
			s.t.Error(err)
		}
	}
	return undo, s.run(1, "lvsdns-notify", "--keepalived-config", conf, "--config", rules, "GROUP", "VG_1", "MASTER", "100")
}

// haproxy starts HAProxy and waits until its checks have decided: all servers UP, or one of them DOWN.
func (s *scene) haproxy(b Block) error {
	if err := s.check(b, "haproxy", "-c", "-f", file); err != nil {
		return err
	}
	p := s.director.Start("haproxy", "-db", "-f", file)
	defer p.Kill()
	var seen string
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if !p.Running() {
			return fmt.Errorf("HAProxy ends: %s", p.Log())
		}
		rows, err := s.haproxyServers()
		if err != nil {
			continue
		}
		up := 0
		seen = ""
		for _, row := range rows {
			seen += fmt.Sprintf("%s is %s (%s %s) ", row["svname"], row["status"], row["check_status"], row["last_chk"])
			if row["status"] == "UP" && row["check_status"] == "PROCOK" { // a server is UP before its first check
				up++
			}
		}
		if up == len(rows) && up > 0 {
			return nil
		}
		if strings.Contains(seen, "DOWN") {
			return errors.New(seen)
		}
	}
	return fmt.Errorf("the servers are not UP: %s", seen)
}

// haproxyServers are the rows of "show stat" that are servers.
func (s *scene) haproxyServers() ([]map[string]string, error) {
	conn, err := s.director.Dial("unix", "/run/haproxy/admin.sock")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("show stat\n")); err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(conn).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var servers []map[string]string
	for _, row := range rows[1:] {
		named := map[string]string{}
		for i, value := range row {
			named[strings.TrimPrefix(rows[0][i], "# ")] = value
		}
		if named["svname"] != "FRONTEND" && named["svname"] != "BACKEND" {
			servers = append(servers, named)
		}
	}
	return servers, nil
}
