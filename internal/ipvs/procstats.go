package ipvs

import (
	"errors"
	"io"
)

// CPUStats are the counters of one CPU.
type CPUStats struct {
	CPU int
	Stats
}

// ParseStats reads the text of /proc/net/ip_vs_stats (ip_vs_stats_show in ip_vs_ctl.c); see Proc.Stats.
func ParseStats(r io.Reader) (Stats, error) {
	s := Stats{Wide: true}
	rows := [][]*uint64{
		{&s.Connections, &s.InPackets, &s.OutPackets, &s.InBytes, &s.OutBytes},
		{&s.ConnectionRate, &s.InPacketRate, &s.OutPacketRate, &s.InByteRate, &s.OutByteRate},
	}
	err := lines(r, func(words []string) error {
		if isHeading(words) {
			return nil
		}
		if len(rows) == 0 {
			return errWords
		}
		row := rows[0]
		rows = rows[1:]
		return hexRow(words, row)
	})
	if err == nil && len(rows) > 0 {
		err = errors.New("the file ends too early")
	}
	return s, err
}

// ParseCPUStats reads the text of /proc/net/ip_vs_stats_percpu (ip_vs_stats_percpu_show); see
// Proc.CPUStats. The numbers of the CPUs are hexadecimal too. The line "~" is the sum that ip_vs_stats has,
// and the line after it its rates.
func ParseCPUStats(r io.Reader) ([]CPUStats, error) {
	var all []CPUStats
	sum := false
	err := lines(r, func(words []string) error {
		sum = sum || words[0] == "~"
		if sum || isHeading(words) {
			return nil
		}
		cpu, err := hexadecimal([]byte(words[0]), 16)
		if err != nil {
			return err
		}
		s := CPUStats{CPU: int(cpu), Stats: Stats{Wide: true}}
		all = append(all, s)
		last := &all[len(all)-1].Stats
		return hexRow(words[1:], []*uint64{
			&last.Connections, &last.InPackets, &last.OutPackets, &last.InBytes, &last.OutBytes,
		})
	})
	if err == nil && !sum {
		err = errors.New("the file ends too early")
	}
	return all, err
}

func isHeading(words []string) bool {
	switch words[0] {
	case "Total", "Conns", "Conns/s", "CPU":
		return true
	}
	return false
}

func hexRow(words []string, fields []*uint64) error {
	if len(words) != len(fields) {
		return errWords
	}
	for i, field := range fields {
		n, err := hexadecimal([]byte(words[i]), 64)
		if err != nil {
			return err
		}
		*field = n
	}
	return nil
}
