package httpd

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
)

// Server serves a handler on some listeners.
type Server struct {
	Handler   http.Handler
	Listeners []net.Listener
	Names     func() []string // under which this host is asked, beside its addresses and localhost; nil: none
	WebConfig string          // TLS and basic authentication as exporter-toolkit reads them; empty: neither
	Limits    Limits
	Log       *slog.Logger
	Ending    func() // called when ctx ends, before the last requests are waited for; may be nil
}

// CheckWebConfig says in one line what is wrong with a file for TLS and basic authentication, before anything is served.
// No file is no error.
func CheckWebConfig(file string) error {
	err := web.Validate(file)
	if err == nil {
		return nil
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	if strings.HasPrefix(text, "crypto/bcrypt") {
		text += "; want hashes in place of passwords, as htpasswd -nB makes them"
	}
	return fmt.Errorf("web.config.file %s: %s", file, text)
}

// Serve serves until ctx ends, then lets requests under way finish for some seconds.
func (s *Server) Serve(ctx context.Context) error {
	server := s.http()
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		if s.Ending != nil {
			s.Ending()
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
	})
	err := web.ServeMultiple(s.Listeners, server, &web.FlagConfig{WebConfigFile: &s.WebConfig}, s.Log)
	if stop() { // ctx is still alive: the server ended by itself, and with it all other listeners
		_ = server.Close()
		return err
	}
	<-drained
	return nil
}

// http is the server with all its limits.
func (s *Server) http() *http.Server {
	l := s.Limits.withDefaults()
	places := newPlaces(l.Connections)
	return &http.Server{
		Handler:        front(s.Names, s.Handler),
		ReadTimeout:    l.Request,
		WriteTimeout:   l.Response,
		IdleTimeout:    l.Idle,
		MaxHeaderBytes: l.Headers,
		HTTP2:          &http.HTTP2Config{MaxConcurrentStreams: l.Streams, WriteByteTimeout: l.Stall, SendPingTimeout: l.Idle},
		ConnState:      places.change,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, seatKey{}, seat{places, conn, l})
		},
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
}
