package plan

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// about finds the virtual servers that a note is about. A note within a block is about that block, whatever keepalived makes of it: if it is left out,
// about none. Of several with the same name it is about that in whose lines it stands. Outside these blocks it is about every one.
func about(c *keepalived.Config, n keepalived.Note, mend string) []Block {
	block, _, _ := strings.Cut(n.Block, " / ")
	every := !strings.HasPrefix(block, "virtual_server")
	var named, within []Block
	start := 0
	for i := range c.VirtualServers {
		v := &c.VirtualServers[i]
		if !every && !isNamed(v, strings.Fields(block)) {
			continue
		}
		b := Block{v, n.Pos, n.Text, mend}
		named = append(named, b)
		if v.Pos.File == n.Pos.File && v.Pos.Line <= n.Pos.Line && v.Pos.Line >= start {
			if v.Pos.Line > start {
				start, within = v.Pos.Line, nil
			}
			within = append(within, b)
		}
	}
	if strings.HasPrefix(block, "virtual_server ") && len(within) > 0 {
		return within
	}
	return named
}

// isNamed reports whether the words of a line open the block of a virtual server, or of its group.
func isNamed(v *keepalived.VirtualServer, words []string) bool {
	words = append(words, "", "")
	switch {
	case words[0] == "virtual_server_group":
		return v.Group != "" && v.Group == words[1]
	case words[1] == "group":
		return v.Group != "" && v.Group == words[2]
	case words[1] == "fwmark":
		mark, err := strconv.ParseUint(words[2], 10, 32)
		return v.IsFWMark() && err == nil && uint32(mark) == v.FWMark
	}
	text, _, _ := strings.Cut(words[1], "-")
	text, _, _ = strings.Cut(text, "/")
	addr, err := netip.ParseAddr(text)
	port, _ := strconv.ParseUint(words[2], 10, 16)
	return err == nil && addr == v.Addr && uint16(port) == v.Port
}
