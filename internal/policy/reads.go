package policy

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// readers are the ways in which a program takes what others have made: files, sockets, programs, texts that are worked through.
var readers = []string{
	"bounded.ReadAll", "bounded.ReadFile", "bufio.NewReader", "bufio.NewReaderSize", "bufio.NewScanner", "csv.NewReader", "exec.Command",
	"exec.CommandContext", "fs.Glob", "fs.ReadDir", "fs.ReadFile", "http.Client", "http.Get", "http.ReadResponse", "http.Server",
	"http.Transport", "io.Copy", "io.CopyN", "io.LimitReader", "io.ReadAll", "io.ReadFull", "json.NewDecoder", "json.Unmarshal",
	"netlink.Dial", "nftables.New", "os.DirFS", "os.Open", "os.OpenFile", "os.ReadDir", "os.ReadFile", "os.Readlink", "regexp.Compile",
	"syscall.Read", "syscall.Recvfrom", "syscall.Recvmsg", "unix.Mmap", "unix.Read", "unix.Recvfrom", "unix.Recvmsg",
	"viper.NewCodecRegistry",
}

// readMethods are the same of values, by name.
var readMethods = []string{"ReadFrom", "ReadFromUDPAddrPort", "ReadMsgUnix", "Receive"}

// apart are folders whose programs run where nobody is hostile: in tests, in guests, beside the sources.
var apart = []string{
	"alerts", "dashboards", "lab", "tools", "internal/dnstest", "internal/docscheck", "internal/flowtest",
	"internal/guest", "internal/labtest",
	"internal/policy", "internal/promcheck", "internal/stranger", "internal/fallback/kerneltest",
}

// readsOf lists the ways in which a file reads, each once.
func readsOf(s source) []string {
	var all []string
	add := func(way string) {
		if !slices.Contains(all, way) {
			all = append(all, way)
		}
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if name := dotted(n); slices.Contains(readers, name) {
				add(name)
			}
		case *ast.CallExpr:
			f, ok := n.Fun.(*ast.SelectorExpr)
			if ok && (slices.Contains(readMethods, f.Sel.Name) || f.Sel.Name == "Read" && len(n.Args) == 1 && dotted(f) != "rand.Read") {
				add(f.Sel.Name)
			}
		}
		return true
	})
	return all
}

// reading is a row of the table in docs/security.md: files of one folder, and what keeps short what they read.
type reading struct {
	line   int
	files  []string
	limits []string // names in that folder
	tests  []string
	text   string // of the limit
}

var (
	inCode   = regexp.MustCompile("`([^`]+)`")
	testName = regexp.MustCompile(`^(Test|Fuzz|Benchmark)[A-Z]\w*$`)
	anyName  = regexp.MustCompile(`^[A-Za-z]\w*$`)
)

// readings reads the table that stands below a heading.
func readings(document, heading string) ([]reading, error) {
	var all []reading
	_, table, ok := strings.Cut(document, "\n"+heading+"\n")
	if !ok {
		return nil, fmt.Errorf("there is no heading %q", heading)
	}
	before := strings.Count(document[:len(document)-len(table)], "\n")
	for i, line := range strings.Split(table, "\n") {
		if strings.HasPrefix(line, "#") {
			break
		}
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 5 {
			return nil, fmt.Errorf("line %d: %d cells, want 5: files, what, who can make it large, limit, test", before+i+1, len(cells))
		}
		r := reading{line: before + i + 1, text: cells[3]}
		dir := ""
		for _, m := range inCode.FindAllStringSubmatch(cells[0], -1) {
			file := m[1]
			if at := strings.LastIndex(file, "/"); at >= 0 {
				dir = file[:at]
			} else {
				file = dir + "/" + file
			}
			r.files = append(r.files, file)
		}
		for _, m := range inCode.FindAllStringSubmatch(cells[3], -1) {
			if anyName.MatchString(m[1]) {
				r.limits = append(r.limits, m[1])
			}
		}
		for _, m := range inCode.FindAllStringSubmatch(cells[4], -1) {
			if testName.MatchString(m[1]) {
				r.tests = append(r.tests, m[1])
			}
		}
		all = append(all, r)
	}
	return all, nil
}
