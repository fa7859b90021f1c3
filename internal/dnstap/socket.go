package dnstap

import (
	"fmt"
	"net"
	"strings"

	"github.com/lvsdns/lvsdns/internal/unixsock"
)

// socket is what name servers connect to.
type socket struct {
	net.Listener
	name *unixsock.Name // nil: it has none in the file system
}

func openSocket(address string) (*socket, error) {
	s := &socket{}
	var err error
	if strings.HasPrefix(address, "/") {
		// Name servers run as users of their own: who may connect is the matter of the directory.
		s.Listener, s.name, err = unixsock.Listen(address, 0o666)
	} else {
		s.Listener, err = net.Listen("tcp", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for dnstap (dns.dnstap): %w", err)
	}
	return s, nil
}

// there reports whether the socket still has its name.
func (s *socket) there() bool { return s.name == nil || s.name.There() }

func (s *socket) close() {
	if s.name != nil {
		s.name.Remove()
	}
	s.Close()
}
