package httpd

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/coreos/go-systemd/v22/activation"
)

// Listen opens ports, or takes the sockets that systemd has opened (sd_listen_fds(3)), and then no address counts.
func Listen(addresses []string, systemd bool) (all []net.Listener, err error) {
	if systemd {
		return passed(activation.Files(true))
	}
	for _, address := range addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			CloseAll(all)
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// passed makes listeners of sockets. One that cannot be served on is a mistake in the .socket unit, and nobody would notice that it is silent.
func passed(files []*os.File) (all []net.Listener, err error) {
	if len(files) == 0 {
		return nil, errors.New("web.systemd-socket: systemd has passed no socket: start lvsdns-exporter.socket, or leave this setting out")
	}
	for _, f := range files {
		l, listenErr := net.FileListener(f)
		_ = f.Close() // A listener has its own.
		if listenErr != nil {
			err = errors.Join(err, fmt.Errorf("web.systemd-socket: %s is no socket that listens: the .socket unit wants ListenStream= and Accept=no", f.Name()))
			continue
		}
		all = append(all, l)
	}
	if err != nil {
		CloseAll(all)
		return nil, err
	}
	return all, nil
}

// CloseAll closes listeners.
func CloseAll(all []net.Listener) {
	for _, l := range all {
		_ = l.Close()
	}
}
