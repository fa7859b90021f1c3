package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// event is the part of a test2json event that counting needs; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// note names a test and says what is worth knowing about it.
type note struct{ name, text string }

// summary holds counts of leaf tests: a test with subtests is counted by its subtests.
type summary struct {
	passed          int
	failed, skipped []note
}

func (s *summary) fail(name, text string) { s.failed = append(s.failed, note{name, text}) }

func (s *summary) add(o summary) {
	s.passed += o.passed
	s.failed = append(s.failed, o.failed...)
	s.skipped = append(s.skipped, o.skipped...)
}

func (s *summary) print(w io.Writer) {
	for _, list := range []struct {
		title string
		notes []note
	}{{"Skipped:", s.skipped}, {"Failed:", s.failed}} {
		if len(list.notes) == 0 {
			continue
		}
		fmt.Fprintln(w, list.title)
		for _, n := range list.notes {
			fmt.Fprintf(w, "  %s: %s\n", n.name, n.text)
		}
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", s.passed, len(s.failed), len(s.skipped))
}

// result is what the events say about one test, or about a package when test is empty.
type result struct {
	pkg, test string
	action    string // the last of run, pass, fail, skip
	output    []string
}

// summarise counts the tests in a stream of events. Lines that are not JSON are left out: a
// compiler or a guest may write between the events.
func summarise(r io.Reader) (summary, error) {
	results, err := collect(r)
	parents, failedIn := map[string]bool{}, map[string]bool{}
	for _, res := range results {
		for name := res.test; strings.Contains(name, "/"); {
			name = name[:strings.LastIndex(name, "/")]
			parents[res.pkg+" "+name] = true
			failedIn[res.pkg+" "+name] = failedIn[res.pkg+" "+name] || bad(res)
		}
		if res.test != "" {
			failedIn[res.pkg] = failedIn[res.pkg] || bad(res)
		}
	}
	var s summary
	for _, res := range results {
		id := strings.TrimSpace(res.pkg + " " + res.test)
		switch {
		case bad(res) && !failedIn[id]:
			s.fail(id, why(res))
		case res.test == "" || parents[id] || bad(res):
			// Told by its tests or subtests.
		case res.action == "skip":
			s.skipped = append(s.skipped, note{id, skipReason(res.output)})
		default:
			s.passed++
		}
	}
	return s, err
}

// bad reports failure. A test or package that began and never ended counts: its process died.
func bad(r *result) bool { return r.action != "pass" && r.action != "skip" }

func why(r *result) string {
	switch {
	case r.action != "fail":
		return "never finished"
	case r.test == "":
		return "the package failed outside its tests: does it build, did its process die?"
	default:
		return "failed"
	}
}

// collect gathers the events by test, in order of first appearance.
func collect(r io.Reader) ([]*result, error) {
	var results []*result
	byID := map[string]*result{}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 16<<20) // one event can hold one long line of output
	for sc.Scan() {
		var e event
		if json.Unmarshal(sc.Bytes(), &e) != nil || e.Package == "" {
			continue
		}
		id := e.Package + " " + e.Test
		if byID[id] == nil {
			byID[id] = &result{pkg: e.Package, test: e.Test}
			results = append(results, byID[id])
		}
		switch e.Action {
		case "start", "run", "pass", "fail", "skip":
			byID[id].action = e.Action
		case "output":
			byID[id].output = append(byID[id].output, e.Output)
		}
	}
	return results, sc.Err()
}

// frame matches the lines that the testing package itself prints around a test.
var frame = regexp.MustCompile(`^\s*(=== |--- )`)

// position matches the "file_test.go:12: " in front of a log line.
var position = regexp.MustCompile(`^\s*[\w.-]+\.go:\d+: `)

// skipReason is what the test logged, on one line.
func skipReason(output []string) string {
	var said []string
	for _, line := range output {
		if !frame.MatchString(line) {
			line = position.ReplaceAllString(line, "")
			said = append(said, strings.Fields(line)...)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}
