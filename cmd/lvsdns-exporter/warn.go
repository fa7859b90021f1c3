package main

import (
	"os"

	"github.com/lvsdns/lvsdns/internal/capture"
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ownfile"
)

// warn logs what is no mistake, and not well either.
func (s *service) warn() {
	lines := warnings(s.settings)
	if self, err := host.ReadProcess("/proc", os.Getpid()); err == nil {
		lines = append(lines, lacks(s.settings, self.Capabilities)...)
	}
	for _, line := range lines {
		s.Log.Warn(line)
	}
}

// warnings are those that check-config can give too.
func warnings(settings *config.Exporter) (lines []string) {
	for _, file := range config.WebSecrets(settings.Web.ConfigFile) {
		if line := ownfile.Warning(file); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// lacks says what the settings ask for that a process with these capabilities may not do (their numbers are those of
// linux/capability.h), and what mends it.
func lacks(settings *config.Exporter, capabilities uint64) (lines []string) {
	const kill, netRaw = 1 << 5, 1 << 13
	if settings.DNS.Capture == "true" && capabilities&netRaw == 0 {
		lines = append(lines, "dns.capture needs CAP_NET_RAW: "+capture.Rights)
	}
	if settings.Keepalived.Signal && capabilities&kill == 0 {
		lines = append(lines, "keepalived.signal needs CAP_KILL: add a drop-in to the unit with AmbientCapabilities=CAP_KILL and CapabilityBoundingSet=CAP_KILL")
	}
	return lines
}
