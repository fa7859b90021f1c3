package host

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Counters are what the kernel counts in one network namespace, by the names that nstat(8) shows: "IpReasmFails",
// "Ip6ReasmFails", "UdpRcvbufErrors". What this kernel does not have is absent. Those of IP have 64 bits everywhere, the others as many
// as the kernel's long; they never wrap in practice.
type Counters map[string]uint64

// ReadCounters reads /proc/net/snmp, netstat and snmp6 below root (empty: /). Without IPv6 there is no snmp6, which is no error.
// The network namespace is that of this process.
func ReadCounters(root string) (Counters, error) {
	all := Counters{}
	for _, file := range []struct {
		name     string
		parse    func(string) (Counters, error)
		optional bool
	}{{"snmp", parseSNMP, false}, {"netstat", parseSNMP, false}, {"snmp6", parseSNMP6, true}} {
		path := filepath.Join("/", root, "proc/net", file.name)
		text, err := os.ReadFile(path)
		if file.optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read counters: %w", err)
		}
		some, err := file.parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("read counters: %s: %w", path, err)
		}
		maps.Copy(all, some)
	}
	return all, nil
}

// parseSNMP reads pairs of lines, names and values: "Udp: InDatagrams NoPorts" and "Udp: 12 0" (net/ipv4/proc.c). A prefix may come
// several times, as IcmpMsg does. Values that are no counters, such as "-1" for no limit, are left out.
func parseSNMP(text string) (Counters, error) {
	all := Counters{}
	var names []string
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case names == nil:
			names = words
		case words[0] != names[0] || len(words) != len(names):
			return nil, fmt.Errorf("line %d: not the values of line %d", n, n-1)
		default:
			prefix := strings.TrimSuffix(words[0], ":")
			for i := 1; i < len(words); i++ {
				if err := all.set(prefix+names[i], words[i]); err != nil {
					return nil, fmt.Errorf("line %d: %w", n, err)
				}
			}
			names = nil
		}
	}
	if names != nil {
		return nil, errors.New("the file ends too early")
	}
	return all, nil
}

// parseSNMP6 reads lines such as "Ip6ReasmFails                   	0" (net/ipv6/proc.c).
func parseSNMP6(text string) (Counters, error) {
	all := Counters{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		switch len(words) {
		case 0:
		case 2:
			if err := all.set(words[0], words[1]); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		default:
			return nil, fmt.Errorf("line %d: want a name and a value", n)
		}
	}
	return all, nil
}

func (c Counters) set(name, value string) error {
	if strings.HasPrefix(value, "-") {
		return nil
	}
	v, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return fmt.Errorf("%s is no number: %q", name, value)
	}
	c[name] = v
	return nil
}
