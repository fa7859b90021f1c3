package drift

import (
	"fmt"
	"strings"

	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/lvs"
)

// The commands here are ipvsadm(8)'s, for an operator to paste.

func editService(v *virtual) string { return "ipvsadm -E " + serviceSettings(v.Service) }

// maxCommands is how many commands an operator may want to paste at once.
const maxCommands = 10

// addService makes a service with all real servers that keepalived would have in it.
func addService(v *virtual) string {
	const restart = "restart keepalived, which removes and adds every virtual server"
	if len(v.servers) >= maxCommands {
		return restart
	}
	commands := []string{"ipvsadm -A " + serviceSettings(v.Service)}
	for i := range v.servers {
		if s := &v.servers[i]; !s.sorry {
			if e := v.expect(s); e.in != no {
				commands = append(commands, addServer(v, s, e.weight))
			}
		}
	}
	return restart + ", or by hand: " + strings.Join(commands, " && ")
}

func serviceSettings(s ipvs.Service) string {
	words := []string{lvs.ServiceArgument(s.ServiceKey)}
	if s.Scheduler != "" {
		words = append(words, "-s", s.Scheduler)
	}
	if s.Flags&ipvs.Persistent != 0 {
		words = append(words, "-p", fmt.Sprint(int(s.Timeout.Seconds())))
		if mask := s.Netmask.String(); mask != "" {
			words = append(words, "-M", mask)
		}
	}
	if s.PEName != "" {
		words = append(words, "--pe", s.PEName)
	}
	if s.Flags&ipvs.OnePacket != 0 {
		words = append(words, "-o")
	}
	if flags := s.Flags & (ipvs.Sched1 | ipvs.Sched2 | ipvs.Sched3); flags != 0 {
		words = append(words, "-b", flags.Names(s.Scheduler))
	}
	return strings.Join(words, " ")
}

func addServer(v *virtual, s *server, weight uint32) string {
	return "ipvsadm -a " + serverSettings(v, s, weight)
}

func editServer(v *virtual, s *server, weight uint32) string {
	return "ipvsadm -e " + serverSettings(v, s, weight)
}

// takeOut ends new clients of a real server as keepalived would: what is inhibited stays with weight 0, for keepalived raises it
// by an edit, which fails without it (ipvs_cmd in its ipvswrapper.c).
func takeOut(v *virtual, s *server) string {
	if s.rs.Inhibit.V && (s.sorry || s.believed == nil || s.believed.Set) {
		return editServer(v, s, 0)
	}
	return fmt.Sprintf("ipvsadm -d %s -r %s", lvs.ServiceArgument(v.ServiceKey), lvs.ServerArgument(s.DestinationKey))
}

func serverSettings(v *virtual, s *server, weight uint32) string {
	words := []string{lvs.ServiceArgument(v.ServiceKey), "-r", lvs.ServerArgument(s.DestinationKey), forwardArguments(s.Destination), "-w", fmt.Sprint(weight)}
	if s.UpperThreshold != 0 || s.LowerThreshold != 0 {
		words = append(words, "-x", fmt.Sprint(s.UpperThreshold), "-y", fmt.Sprint(s.LowerThreshold))
	}
	return strings.Join(words, " ")
}

func forwardArguments(d ipvs.Destination) string {
	switch d.Forward {
	case ipvs.DR:
		return "-g"
	case ipvs.Tun:
		return "-i" + tunnelArguments(d.Tunnel)
	default:
		return "-m"
	}
}

func tunnelArguments(t ipvs.Tunnel) string {
	if t.Type == ipvs.IPIP {
		return ""
	}
	out := " --tun-type " + t.Type.String()
	if t.Port != 0 {
		out += fmt.Sprintf(" --tun-port %d", t.Port)
	}
	switch {
	case t.Flags&ipvs.RemCsum != 0:
		return out + " --tun-remcsum"
	case t.Flags&ipvs.Csum != 0:
		return out + " --tun-csum"
	default:
		return out
	}
}
