package act

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// ask sends one command to HAProxy's runtime socket and returns the answer without blanks around it (management.txt, 9.3). Without "prompt"
// HAProxy takes one line a connection and closes it after the answer.
func ask(ctx context.Context, socket, command string) (string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return "", fmt.Errorf("HAProxy: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := io.WriteString(conn, command+"\n"); err != nil {
		return "", fmt.Errorf("HAProxy at %s: %w", socket, err)
	}
	answer, err := io.ReadAll(io.LimitReader(conn, 64<<20))
	if err != nil {
		return "", fmt.Errorf("HAProxy at %s: %w", socket, err)
	}
	return strings.TrimSpace(string(answer)), nil
}

// proxies is what "show stat" says: for each frontend by name, and each server as backend/server, its status.
type proxies struct {
	frontends, servers map[string]string
}

func readProxies(ctx context.Context, socket string) (proxies, error) {
	// Frontends and servers of all proxies (management.txt, "show stat": types 1 and 4).
	text, err := ask(ctx, socket, "show stat -1 5 -1")
	if err != nil {
		return proxies{}, err
	}
	return parseProxies(socket, text)
}

func parseProxies(socket, text string) (proxies, error) {
	p := proxies{map[string]string{}, map[string]string{}}
	rows := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "# ")))
	rows.FieldsPerRecord, rows.LazyQuotes = -1, true
	head, err := rows.Read()
	status := slices.Index(head, "status")
	if err != nil || status < 0 || len(head) < 2 || head[0] != "pxname" {
		return p, fmt.Errorf("HAProxy at %s: %.80q is no statistics", socket, text)
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		switch {
		case err != nil:
			return p, fmt.Errorf("HAProxy at %s: statistics: %w", socket, err)
		case len(row) <= status:
		case row[1] == "FRONTEND":
			p.frontends[row[0]] = row[status]
		default:
			p.servers[row[0]+"/"+row[1]] = row[status]
		}
	}
}

// serves tells whether a frontend takes clients. One that is disabled is STOP, a reload's old one PAUSED.
func serves(status string) bool { return status == "OPEN" || status == "FULL" }

// The states of a server that an operator sets.
const (
	ready = "ready"
	drain = "drain"
	maint = "maint"
)

// adminOf is what an operator has set, by the status that "show stat" gives. A server that tracks another is "MAINT (via …)".
func adminOf(status string) string {
	switch {
	case strings.HasPrefix(status, "MAINT"):
		return maint
	case strings.HasPrefix(status, "DRAIN"):
		return drain
	default:
		return ready
	}
}
