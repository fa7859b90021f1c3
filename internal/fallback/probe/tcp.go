package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/health"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// tcp passes when the connection is there (check_tcp.c).
func tcp(k *keepalived.Checker) Probe {
	return func(ctx context.Context) health.Result {
		conn, err := dial(ctx, "tcp", k.Connect)
		if err != nil {
			return failed("connect", err)
		}
		_ = conn.Close()
		return health.Result{Pass: true, Reason: "connected"}
	}
}

// maxReply is the length of a line of a mail server. RFC 5321, 4.5.3.1.5, has 512 bytes.
const maxReply = 2048

// smtp passes after a greeting and a reply to HELO (check_smtp.c).
func smtp(k *keepalived.Checker) Probe {
	return func(ctx context.Context) health.Result {
		conn, err := dial(ctx, "tcp", k.Connect)
		if err != nil {
			return failed("connect", err)
		}
		defer conn.Close()
		defer closeWith(ctx, conn)()
		lines := bufio.NewReaderSize(conn, maxReply)
		helo := k.SMTP.Helo.V
		if helo == "" {
			if helo, err = os.Hostname(); err != nil {
				return unknown("name of this host: %v", err)
			}
		}
		for _, step := range []struct{ want, then string }{{"220", "HELO " + helo}, {"250", "QUIT"}, {"", ""}} {
			_ = conn.SetDeadline(time.Now().Add(k.Connect.Timeout.V))
			line, err := lines.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) {
				return fail("the server says a line of more than %d bytes", maxReply)
			}
			if err != nil {
				return failed("read", err)
			}
			if !bytes.HasPrefix(line, []byte(step.want)) {
				return fail("the server says %.100q, want %s", bytes.TrimSpace(line), step.want)
			}
			if step.then != "" {
				if _, err := fmt.Fprintf(conn, "%s\r\n", step.then); err != nil {
					return failed("write", err)
				}
			}
		}
		return health.Result{Pass: true, Reason: "greeted"}
	}
}

// closeWith ends what waits on a connection with the context; the function that it returns ends the watch.
func closeWith(ctx context.Context, conn net.Conn) func() {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}
