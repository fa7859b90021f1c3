package host

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Names are those under which this host is asked, by what is written on it: its host name, what /etc/hosts has beside that
// (hosts(5)), and the host name in the domains of /etc/resolv.conf (resolv.conf(5)). Nobody is asked: an answer of DNS is somebody
// else's word. root is that of the file system; without a host name there are none.
func Names(root, hostname string) []string {
	if hostname == "" {
		return nil
	}
	names := []string{hostname}
	lines(filepath.Join(root, "etc/hosts"), func(words []string) {
		if slices.Contains(words[1:], hostname) {
			names = append(names, words[1:]...)
		}
	})
	short, _, _ := strings.Cut(hostname, ".")
	lines(filepath.Join(root, "etc/resolv.conf"), func(words []string) {
		if words[0] == "domain" || words[0] == "search" {
			for _, domain := range words[1:] {
				names = append(names, short+"."+strings.Trim(domain, "."))
			}
		}
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// maxNames is how much of a file of names is read.
const maxNames = 1 << 20

// lines calls f with the words of each line that has two or more, comments left out. A file that cannot be read has none.
func lines(path string, f func(words []string)) {
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer file.Close()
	scanner := bufio.NewScanner(io.LimitReader(file, maxNames))
	for scanner.Scan() {
		text, _, _ := strings.Cut(scanner.Text(), "#")
		if words := strings.Fields(text); len(words) > 1 {
			f(words)
		}
	}
}
