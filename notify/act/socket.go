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

	"github.com/lvsdns/lvsdns/internal/bounded"
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
	answer, err := bounded.ReadAll(conn, socket, maxState)
	if err != nil {
		return "", fmt.Errorf("HAProxy at %s: %w", socket, err)
	}
	return strings.TrimSpace(string(answer)), nil
}

// maxState is more than a HAProxy with thousands of servers says: some 200 bytes for each.
const maxState = 16 << 20

// proxies is what HAProxy says: of each frontend by name its status, and each server as backend/server.
type proxies struct {
	frontends map[string]string
	servers   map[string]server
}

func readProxies(ctx context.Context, socket string) (proxies, error) {
	// Frontends of all proxies (management.txt, "show stat": type 1).
	stat, err := ask(ctx, socket, "show stat -1 1 -1")
	if err != nil {
		return proxies{}, err
	}
	state, err := ask(ctx, socket, "show servers state")
	if err != nil {
		return proxies{}, err
	}
	var p proxies
	if p.frontends, err = parseFrontends(stat); err == nil {
		p.servers, err = parseServers(state)
	}
	if err != nil {
		return proxies{}, fmt.Errorf("HAProxy at %s: %w", socket, err)
	}
	return p, nil
}

func parseFrontends(text string) (map[string]string, error) {
	all := map[string]string{}
	rows := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "# ")))
	rows.FieldsPerRecord, rows.LazyQuotes = -1, true
	head, err := rows.Read()
	status := slices.Index(head, "status")
	if err != nil || status < 0 || len(head) < 2 || head[0] != "pxname" {
		return nil, fmt.Errorf("%.80q is no statistics", text)
	}
	for {
		row, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("statistics: %w", err)
		case len(row) > status && row[1] == "FRONTEND":
			all[row[0]] = row[status]
		}
	}
}

// serves tells whether a frontend takes clients. One that is disabled is STOP, a reload's old one PAUSED.
func serves(status string) bool { return status == "OPEN" || status == "FULL" }
