package labtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/lvsdns/lvsdns/internal/netns"
)

// Uplink puts the Ethernet to the host on the network, and reports whether there is one: the guest
// was started with a link.
func (n *LAN) Uplink() bool {
	n.lab.t.Helper()
	device := os.Getenv("LVSDNS_LAB_LINK")
	if device == "" {
		return false
	}
	n.lab.must(
		n.lab.ip("link set "+device+" addrgenmode none", "link set "+device+" master "+n.Name+" up"),
		"network %s: link to the host", n.Name,
	)
	return true
}

// Get fetches a page from a literal address, as a browser on the host would. Only 200 is no error.
func (h *Host) Get(ctx context.Context, url string) ([]byte, error) {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
			err = netns.Do(h.netns, func() (err error) {
				conn, err = new(net.Dialer).DialContext(ctx, network, addr)
				return err
			})
			return conn, err
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.Name, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: get %s: %s: %.300s", h.Name, url, response.Status, body)
	}
	return body, err
}

// ConfigFile is the path of keepalived.conf.
func (k *Keepalived) ConfigFile() string { return k.conf }

// Exporter starts lvsdns-exporter beside keepalived, as an operator would on this director. It
// serves on port 9741.
func (h *Host) Exporter(k *Keepalived, flags ...string) *Process {
	h.lab.t.Helper()
	h.lab.must(os.MkdirAll("/run/lvsdns", 0o755), "host %s: exporter", h.Name)
	return h.exporter(append([]string{"--keepalived.config-file=" + k.conf}, flags...))
}

// ServerExporter starts lvsdns-exporter on a host without keepalived. The hosts of the lab share their files: those of
// the director's keepalived and checks are not this one's.
func (h *Host) ServerExporter(flags ...string) *Process {
	h.lab.t.Helper()
	return h.exporter(append([]string{
		"--keepalived.config-file=" + h.dir + "/none", "--keepalived.pid-file=" + h.dir + "/none", "--checks.socket=", "--notify.state-dir=",
	}, flags...))
}

func (h *Host) exporter(flags []string) *Process {
	h.lab.t.Helper()
	h.lab.Install("lvsdns-exporter", "/usr/bin/lvsdns-exporter")
	return h.Start("/usr/bin/lvsdns-exporter", append([]string{"--web.listen-address=:9741"}, flags...)...)
}

// Inside runs f on a thread that is in the host's namespace: sockets that f opens are the host's.
func (h *Host) Inside(f func() error) error { return netns.Do(h.netns, f) }
