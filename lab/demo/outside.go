package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/guest"
)

// The monitoring host is on the demo's LAN, in a network namespace outside of the guest.
const (
	monitor        = "192.168.1.9"
	statusPage     = "192.168.1.11:9741"
	prometheusPage = monitor + ":9090"
)

// rips are the real servers.
var rips = [2]string{"192.168.1.21", "192.168.1.22"}

// exporterOf is where the exporter of a host is.
func exporterOf(host string) string { return host + ":9741" }

// What the demo inside is told by its environment: where a browser finds the pages.
const (
	statusURL     = "LVSDNS_DEMO_STATUS"
	prometheusURL = "LVSDNS_DEMO_PROMETHEUS"
)

// outside boots the guest with the demo in it, and a Prometheus beside it. When it returns,
// nothing of them is left.
func outside(ctx context.Context, args []string) int {
	const most = 10 * time.Minute
	if len(args) > 0 { // quick
		limited, stop := context.WithTimeoutCause(ctx, most, fmt.Errorf("the demo took longer than %v and was ended", most))
		defer stop()
		ctx = limited
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		fmt.Print("there is no /dev/net/tun on this host: the demo goes without Prometheus, and without its pages outside of the guest\n")
		return inside(ctx, nil, args, os.Environ(), nil)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	link, err := guest.NewLink(netip.MustParsePrefix(monitor + "/24"))
	if err != nil {
		return fail(err)
	}
	defer link.Close()
	p, err := startPrometheus(link)
	if err != nil {
		return fail(err)
	}
	defer p.stop()
	go func() {
		<-p.done
		cancel(fmt.Errorf("prometheus has ended: %w\n%s", p.err, p.log()))
	}()
	env := os.Environ()
	var pages []string
	for _, page := range []struct{ variable, wanted, at string }{
		{statusURL, "127.0.0.1:9741", statusPage},
		{prometheusURL, "127.0.0.1:9090", prometheusPage},
	} {
		l, err := listenNear(page.wanted)
		if err != nil {
			return fail(err)
		}
		defer l.Close()
		go relay(l, func() (net.Conn, error) { return link.Dial(ctx, "tcp", page.at) })
		url := "http://" + l.Addr().String() + "/"
		env = append(env, page.variable+"="+url)
		pages = append(pages, url)
	}
	return inside(ctx, link, args, env, pages)
}

func inside(ctx context.Context, link *guest.Link, args, env, pages []string) int {
	program, err := os.Executable()
	if err != nil {
		return fail(err)
	}
	dir, err := os.Getwd()
	if err != nil {
		return fail(err)
	}
	visits, leave := context.WithCancel(ctx)
	defer leave()
	seen := make(chan error, len(pages))
	for _, url := range pages {
		go func() { seen <- visit(visits, url) }()
	}
	status, err := guest.Run(ctx, guest.Spec{
		Argv: append([]string{program}, args...), Dir: dir, Env: env,
		Stdout: os.Stdout, Stderr: os.Stderr, Link: link,
	})
	var crash *guest.CrashError
	switch {
	case errors.Is(context.Cause(ctx), context.Canceled): // a signal: no need to say why
		return 130
	case errors.As(err, &crash):
		fmt.Fprintf(os.Stderr, "--- console of the guest ---\n%s\n--- end of the console ---\n", crash.Console)
		return fail(err)
	case err != nil:
		return fail(err)
	case status != 0:
		return status
	}
	leave()
	for range pages {
		if err := <-seen; err != nil {
			return fail(err)
		}
	}
	if len(pages) > 0 {
		fmt.Printf("On this host the pages were there while it ran: %s\n", strings.Join(pages, " "))
	}
	return 0
}

// visit asks for a page, as a browser on this host would, until it gets it.
func visit(ctx context.Context, url string) error {
	client := http.Client{Timeout: 10 * time.Second}
	var last error
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(response.Status)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s was never there: %w", url, last)
		}
		last = err
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func fail(err error) int {
	fmt.Fprintf(os.Stderr, "demo: %v\n", err)
	return 1
}
