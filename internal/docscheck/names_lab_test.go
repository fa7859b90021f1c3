//go:build lab

package docscheck

import (
	"os"
	"path/filepath"
	"strings"
)

// helps are the commands whose --help together has every flag of a program.
var helps = map[string][]string{
	"lvsdns":          {"drift", "flows", "nft"},
	"lvsdns-check":    {""},
	"lvsdns-exporter": {""},
	"lvsdns-fallback": {"plan", "run", "hand-back", "status"},
	"lvsdns-notify":   {""},
	"lab-run":         {""},
}

// names holds the flags and settings that sentences of the documents name against those that the programs have.
func (s *scene) names() {
	s.t.Helper()
	known := map[string][]string{}
	for program, commands := range helps {
		known[program] = []string{"help", "version"}
		for _, command := range commands {
			file := program
			if program == "lab-run" {
				file = filepath.Join(s.root, "bin", program) // which nobody installs
			}
			// Of lvsdns-check the status is 1, and flag prints to standard error.
			out, _ := s.director.Run(s.t.Context(), "sh", "-c", file+" "+command+" --help 2>&1")
			found := flags.FindAllStringSubmatch(out, -1)
			if len(found) == 0 {
				s.t.Errorf("%s %s --help has no flags:\n%s", program, command, out)
			}
			for _, m := range found {
				known[program] = append(known[program], m[1])
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(s.root, "docs", "*.md"))
	if err != nil {
		s.t.Fatal(err)
	}
	checked := 0
	for _, file := range append(files, filepath.Join(s.root, "README.md"), filepath.Join(s.root, "CONTRIBUTING.md")) {
		text, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, m := range span.FindAllStringSubmatch(line, -1) {
				n, unknown := unknownNames(m[1], known)
				checked += n
				for _, name := range unknown {
					s.t.Errorf("%s:%d: `%s`: the program has no %s", filepath.Base(file), i+1, m[1], name)
				}
			}
		}
	}
	if checked < 100 {
		s.t.Errorf("only %d flags and settings were found in the documents", checked)
	}
	s.t.Logf("%d flags and settings in sentences are there", checked)
}
