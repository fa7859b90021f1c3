package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stream writes one event per line from "action package test output" words.
func stream(lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		w := strings.SplitN(line, " ", 4)
		w = append(w, "", "")
		b.WriteString(`{"Action":"` + w[0] + `","Package":"` + w[1] + `","Test":"` + w[2] + `","Output":"` + w[3] + `"}` + "\n")
	}
	return b.String()
}

func TestSum(t *testing.T) {
	passing := stream("start p", "run p A", "pass p A", "pass p")
	tests := []struct {
		name   string
		status int
		stages map[string]string
		want   string // the whole output
		exit   int
	}{
		{
			name:   "a test with subtests is counted by its subtests",
			stages: map[string]string{"host": stream("run p A", "run p A/x", "run p A/y", "pass p A/x", "pass p A/y", "pass p A", "pass p")},
			want:   "2 passed, 0 failed, 0 skipped\n",
		},
		{
			name:   "stages add up",
			stages: map[string]string{"host": passing, "lab": passing},
			want:   "2 passed, 0 failed, 0 skipped\n",
		},
		{
			name: "a skipped test is listed with its reason only",
			stages: map[string]string{"host": passing + stream("run q B", `output q B === RUN   B\n`,
				`output q B     b_test.go:7: no ip_vs in\n`, `output q B         this kernel\n`,
				`output q B --- SKIP: B (0.00s)\n`, "skip q B", "pass q")},
			want: "Skipped:\n  q B: no ip_vs in this kernel\n1 passed, 0 failed, 1 skipped\n",
		},
		{
			name:   "a package without test files is no skipped test",
			stages: map[string]string{"host": passing + stream("start q", `output q  ? q [no test files]\n`, "skip q")},
			want:   "1 passed, 0 failed, 0 skipped\n",
		},
		{
			name:   "a failed subtest is one failure, not one for each parent and the package",
			stages: map[string]string{"host": stream("run p A", "run p A/x", "fail p A/x", "fail p A", "fail p")},
			want:   "Failed:\n  p A/x: failed\n0 passed, 1 failed, 0 skipped\n",
			exit:   1,
		},
		{
			name:   "a parent that fails on its own is not lost",
			stages: map[string]string{"host": stream("run p A", "run p A/x", "pass p A/x", "fail p A", "fail p")},
			want:   "Failed:\n  p A: failed\n1 passed, 1 failed, 0 skipped\n",
			exit:   1,
		},
		{
			name:   "a package that does not build",
			stages: map[string]string{"host": passing + stream("start q", "fail q")},
			want:   "Failed:\n  q: the package failed outside its tests: does it build, did its process die?\n1 passed, 1 failed, 0 skipped\n",
			exit:   1,
		},
		{
			name:   "a guest that died in the middle of a test",
			stages: map[string]string{"lab": passing + stream("start q", "run q B") + "Kernel panic - not syncing\n"},
			want:   "Failed:\n  q B: never finished\n1 passed, 1 failed, 0 skipped\n",
			exit:   1,
		},
		{
			name:   "a guest that died before its first test",
			stages: map[string]string{"lab": passing + stream("start q")},
			want:   "Failed:\n  q: never finished\n1 passed, 1 failed, 0 skipped\n",
			exit:   1,
		},
		{
			name:   "a stage that ran nothing",
			stages: map[string]string{"host": passing, "lab": stream("start q", "skip q")},
			want:   "Failed:\n  lab: the stage ran no test\n1 passed, 1 failed, 0 skipped\n",
			exit:   1,
		},
		{
			name:   "a stage whose tests were all skipped ran nothing",
			stages: map[string]string{"lab": stream("run q B", "skip q B", "pass q")},
			want:   "Skipped:\n  q B: no reason given\nFailed:\n  lab: the stage ran no test\n0 passed, 1 failed, 1 skipped\n",
			exit:   1,
		},
		{
			name:   "a runner that fails although its tests pass",
			status: 2,
			stages: map[string]string{"host": passing},
			want:   "Failed:\n  make: a stage ended with status 2 although none of its tests failed\n1 passed, 1 failed, 0 skipped\n",
			exit:   1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			var files []string
			for _, stage := range []string{"host", "lab"} {
				events, ok := tt.stages[stage]
				if !ok {
					continue
				}
				file := filepath.Join(dir, stage+".json")
				if err := os.WriteFile(file, []byte(events), 0o600); err != nil {
					t.Fatal(err)
				}
				files = append(files, file)
			}
			var out strings.Builder
			if exit := run(&out, tt.status, files); exit != tt.exit || out.String() != tt.want {
				t.Errorf("exit %d, want %d; output:\n%s\nwant:\n%s", exit, tt.exit, &out, tt.want)
			}
		})
	}
}

func TestSumMissingStage(t *testing.T) {
	var out strings.Builder
	exit := run(&out, 0, []string{filepath.Join(t.TempDir(), "lab.json")})
	if exit != 1 || !strings.Contains(out.String(), "lab: no results: ") ||
		!strings.HasSuffix(out.String(), "0 passed, 1 failed, 0 skipped\n") {
		t.Errorf("exit %d, output:\n%s", exit, &out)
	}
}
