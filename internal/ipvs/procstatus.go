package ipvs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Status reads what the kernel says of its tables and estimators, by the names that it gives: "Conns", "Conn buckets len-1",
// "Stats thread ests". Only kernels have it whose connection table belongs to a network namespace (2026); on others the error
// is fs.ErrNotExist. To answer, the kernel walks all buckets.
func (p Proc) Status() (map[string]uint64, error) {
	var all map[string]uint64
	err := p.read("ip_vs_status", func(r io.Reader) (err error) {
		all, err = ParseStatus(r)
		return err
	})
	return all, err
}

// ParseStatus reads the text of /proc/net/ip_vs_status (ip_vs_status_show in ip_vs_ctl.c): "Conn buckets:\t524288 (19 bits, lfactor -5)".
// What stands in parentheses is no part of it.
func ParseStatus(r io.Reader) (map[string]uint64, error) {
	all := map[string]uint64{}
	scanner := bufio.NewScanner(r)
	for n := 1; scanner.Scan(); n++ {
		name, rest, found := strings.Cut(scanner.Text(), ":")
		if !found {
			return nil, fmt.Errorf("line %d: %w", n, errNoName)
		}
		number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		value, err := decimal([]byte(number))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w: %q", n, err, number)
		}
		all[name] = value
	}
	return all, scanner.Err()
}

var errNoName = errors.New("no name and colon")
