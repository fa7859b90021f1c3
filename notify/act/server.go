package act

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The states into which a server of HAProxy can be set.
const (
	ready = "ready"
	drain = "drain"
	maint = "maint"
)

// server is what is set for a server of HAProxy. Its health is another thing: in the status of "show stat" a failing check hides a
// drained server behind DOWN, and a weight of 0 looks like one.
type server struct {
	admin  uint64
	weight int // of now; a server with 0 gets no new clients, whatever its state is
}

// The bits of srv_admin_state (enum srv_admin in HAProxy's include/haproxy/server-t.h). A server that tracks another inherits the
// other's state, and one without an address is in maintenance too; neither ends by setting the server's own state.
const (
	forcedMaint    = 0x01
	inheritedMaint = 0x02
	forcedDrain    = 0x08
	inheritedDrain = 0x10
	noAddress      = 0x20
)

// set is the state that the server has by itself: the one that "set server" changes.
func (s server) set() string {
	switch {
	case s.admin&forcedMaint != 0:
		return maint
	case s.admin&forcedDrain != 0:
		return drain
	default:
		return ready
	}
}

// held says what keeps a server that is set to ready from taking clients, whatever its checks say; empty: nothing.
func (s server) held() string {
	switch {
	case s.admin&(inheritedMaint|inheritedDrain) != 0:
		return "it tracks a server that is not ready: list that one too"
	case s.admin&noAddress != 0:
		return "its name has no address"
	case s.weight == 0:
		return "its weight is 0"
	default:
		return ""
	}
}

// takes reports whether the server takes clients when its checks pass.
func (s server) takes() bool { return s.set() == ready && s.held() == "" }

// parseServers reads the answer to "show servers state": the version of the format, a line of names, and a line for each server
// (management.txt, 9.3). The columns are found by their names.
func parseServers(text string) (map[string]server, error) {
	all := map[string]server{}
	var columns []string
	column := func(fields []string, name string) string {
		if i := slices.Index(columns, name); i >= 0 && i < len(fields) {
			return fields[i]
		}
		return ""
	}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case fields[0] == "#":
			columns = fields[1:]
		case columns != nil:
			admin, err := strconv.ParseUint(column(fields, "srv_admin_state"), 10, 32)
			if err != nil {
				return nil, fmt.Errorf("state of servers: %.80q has no srv_admin_state", line)
			}
			weight, err := strconv.Atoi(column(fields, "srv_uweight"))
			if err != nil {
				return nil, fmt.Errorf("state of servers: %.80q has no srv_uweight", line)
			}
			all[column(fields, "be_name")+"/"+column(fields, "srv_name")] = server{admin, weight}
		}
	}
	if columns == nil {
		return nil, fmt.Errorf("%.80q is no state of servers", text)
	}
	return all, nil
}
