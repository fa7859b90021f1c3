package flows

import "fmt"

// ClientName names the client of a flow, or the one that persistence holds.
func (h *Held) ClientName() string {
	if h.Template() {
		return h.Client.Addr().String() + " (any port)"
	}
	return h.Client.String()
}

// AtName names the virtual server.
func (h *Held) AtName() string {
	if h.Mark != 0 {
		return fmt.Sprintf("fwm %d", h.Mark)
	}
	return h.At.String()
}

// ServerName names the real server. A template of a virtual server for many ports tells no port.
func (h *Held) ServerName() string {
	if h.Server.Port() == 0 {
		return h.Server.Addr().String()
	}
	return h.Server.String()
}
