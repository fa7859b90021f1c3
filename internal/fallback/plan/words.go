package plan

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/ipvs"
)

// serviceWords is a service with its settings, such as "udp 192.0.2.1:53 wrr persistent 360s".
func serviceWords(s ipvs.Service) string { return s.ServiceKey.String() + " " + settingsWords(s) }

func settingsWords(s ipvs.Service) string {
	words := []string{s.Scheduler}
	if s.Scheduler == "" {
		words[0] = "no scheduler"
	}
	if s.Flags&ipvs.Persistent != 0 {
		words = append(words, "persistent", fmt.Sprintf("%ds", int(s.Timeout.Seconds())))
		if mask := s.Netmask.String(); mask != "" {
			words = append(words, "mask", mask)
		}
	}
	if s.PEName != "" {
		words = append(words, "engine", s.PEName)
	}
	if names := (s.Flags &^ ipvs.Persistent).Names(s.Scheduler); names != "" {
		words = append(words, names)
	}
	return strings.Join(words, " ")
}

// serverWords is a real server with its settings, such as "192.0.2.21:53 dr weight 10".
func serverWords(d ipvs.Destination) string {
	words := []string{d.DestinationKey.String(), d.Forward.String()}
	if d.Forward == ipvs.Tun {
		words = append(words, tunnelWords(d.Tunnel))
	}
	words = append(words, "weight "+strconv.FormatUint(uint64(d.Weight), 10))
	if d.UpperThreshold != 0 || d.LowerThreshold != 0 {
		words = append(words, fmt.Sprintf("thresholds %d %d", d.UpperThreshold, d.LowerThreshold))
	}
	return strings.Join(words, " ")
}

func tunnelWords(t ipvs.Tunnel) string {
	words := t.Type.String()
	if t.Port != 0 {
		words += fmt.Sprintf(" port %d", t.Port)
	}
	if flags := t.Flags.String(); flags != "" {
		words += " " + flags
	}
	return words
}

// changedWords is what the kernel has of the settings that differ.
func changedWords(has, want ipvs.Destination) string {
	var words []string
	if has.Forward != want.Forward {
		words = append(words, has.Forward.String())
	}
	if has.Tunnel != want.Tunnel {
		words = append(words, tunnelWords(has.Tunnel))
	}
	if has.Weight != want.Weight {
		words = append(words, fmt.Sprintf("weight %d", has.Weight))
	}
	if has.UpperThreshold != want.UpperThreshold || has.LowerThreshold != want.LowerThreshold {
		words = append(words, fmt.Sprintf("thresholds %d %d", has.UpperThreshold, has.LowerThreshold))
	}
	return strings.Join(words, ", ")
}

func timeoutWords(t ipvs.Timeouts) string {
	seconds := func(d time.Duration) int { return int(d.Seconds()) }
	return fmt.Sprintf("tcp %d tcpfin %d udp %d", seconds(t.TCP), seconds(t.TCPFin), seconds(t.UDP))
}

func daemonWords(d ipvs.Daemon) string {
	return fmt.Sprintf("%s on %s, syncid %d", d.Role, d.Interface, d.SyncID)
}

// String is the step as one line.
func (s Step) String() string {
	line := strings.ReplaceAll(string(s.Action), "_", " ") + " "
	switch s.Action {
	case AddServer, SetServer, RemoveServer:
		line += s.Service.ServiceKey.String() + " "
	case RemoveService:
		line += s.Service.ServiceKey.String() + ": "
	case SetTimeouts, StartDaemon, AddService, SetService:
	}
	line += s.Text
	if !s.Pos.IsZero() {
		line += " (" + s.Pos.String() + ")"
	}
	return line
}
