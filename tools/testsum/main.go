// Command testsum adds up the stages of "make test". It reads one file of `go test -json` events
// per stage, lists what failed and what was skipped with the reason, and closes with one line:
//
//	N passed, N failed, N skipped
//
// It exits 0 only if nothing failed and every stage ran at least one test.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	status := flag.Int("status", 0, "exit status of the command that ran the stages")
	flag.Parse()
	os.Exit(run(os.Stdout, *status, flag.Args()))
}

// run prints the sum of the stage files to w and returns the exit status.
func run(w io.Writer, status int, files []string) int {
	var total summary
	for _, file := range files {
		total.add(readStage(file))
	}
	// A runner can fail where no test does, for example before it starts one.
	if status != 0 && len(total.failed) == 0 {
		total.fail("make", fmt.Sprintf("a stage ended with status %d although none of its tests failed", status))
	}
	total.print(w)
	if len(total.failed) > 0 {
		return 1
	}
	return 0
}

// readStage sums one stage. What hinders it is a failure of that stage, never a stage left out.
func readStage(file string) summary {
	stage := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	var s summary
	f, err := os.Open(file)
	if err != nil {
		s.fail(stage, fmt.Sprintf("no results: %v", err))
		return s
	}
	defer f.Close()
	if s, err = summarise(f); err != nil {
		s.fail(stage, fmt.Sprintf("results cannot be read: %v", err))
	}
	if s.passed+len(s.failed) == 0 {
		s.fail(stage, "the stage ran no test")
	}
	return s
}
