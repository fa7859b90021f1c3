package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Softnet is what one processor did with packets that came in, since it started. The kernel counts in 32 bits:
// see SoftnetTotals. It counts for the whole host, not for a network namespace.
type Softnet struct {
	CPU int // -1: the kernel does not tell, and it could not be told otherwise

	Processed   uint32 // packets
	Dropped     uint32 // because the processor's backlog was full
	TimeSqueeze uint32 // times that it stopped with work left, because its time or its share of packets was used up

	ReceivedRPS uint32 // times that another processor handed packets over (RPS)
	FlowLimit   uint32 // dropped because one flow had more than its share of a long backlog
	Backlog     uint32 // packets that wait now
	HasBacklog  bool
}

// ReadSoftnet reads /proc/net/softnet_stat below root (empty: /): a row for each processor that is online.
func ReadSoftnet(root string) ([]Softnet, error) {
	path := filepath.Join("/", root, "proc/net/softnet_stat")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read packet counters of processors: %w", err)
	}
	rows, err := parseSoftnet(string(text))
	if err != nil {
		return nil, fmt.Errorf("read packet counters of processors: %s: %w", path, err)
	}
	if len(rows) > 0 && rows[0].CPU < 0 {
		online, err := os.ReadFile(filepath.Join("/", root, "sys/devices/system/cpu/online"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read packet counters of processors: %w", err)
		}
		number(rows, parseCPUs(string(online)))
	}
	return rows, nil
}

// parseSoftnet reads rows of hexadecimal numbers (softnet_seq_show in net/core/net-procfs.c). Kernels have 9, 10 or 11 of them, 13 with
// the backlog and the processor's number, 15 with the backlog's two halves.
func parseSoftnet(text string) ([]Softnet, error) {
	var rows []Softnet
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) < 9 {
			return nil, fmt.Errorf("line %d: %d numbers, want at least 9", n, len(words))
		}
		var v [13]uint32
		for i := range min(len(words), len(v)) {
			x, err := strconv.ParseUint(words[i], 16, 32)
			if err != nil {
				return nil, fmt.Errorf("line %d: not a number: %q", n, words[i])
			}
			v[i] = uint32(x)
		}
		row := Softnet{CPU: -1, Processed: v[0], Dropped: v[1], TimeSqueeze: v[2], ReceivedRPS: v[9], FlowLimit: v[10]}
		if len(words) >= len(v) {
			row.Backlog, row.CPU, row.HasBacklog = v[11], int(v[12]), true
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// number gives the rows their processors: the kernel lists those that are online, in order. When the two do not agree, because
// one came or went between the readings, the rows stay without.
func number(rows []Softnet, online []int) {
	if len(online) != len(rows) {
		return
	}
	for i := range rows {
		rows[i].CPU = online[i]
	}
}

// maxCPUs is more than Linux can have (CONFIG_NR_CPUS).
const maxCPUs = 1 << 16

// parseCPUs reads a list such as "0-3,8"; nil if it is none.
func parseCPUs(text string) []int {
	var all []int
	for part := range strings.SplitSeq(strings.TrimSpace(text), ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, errA := strconv.ParseUint(first, 10, 31)
		b, errB := strconv.ParseUint(last, 10, 31)
		if errA != nil || errB != nil || a > b || b >= maxCPUs || len(all)+int(b-a) >= maxCPUs {
			return nil
		}
		for cpu := a; cpu <= b; cpu++ {
			all = append(all, int(cpu))
		}
	}
	return all
}
