package main

import (
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	runs := func(memory int, cpu ...int) []sample {
		var list []sample
		for _, ms := range cpu {
			list = append(list, sample{time.Duration(ms) * time.Millisecond, time.Duration(2*ms) * time.Millisecond, memory})
		}
		return list
	}
	var out strings.Builder
	printTable(&out, []contestant{
		{name: "hook", samples: runs(300, 4, 9, 3, 2, 4)},
		{name: "bare", role: bareGo, samples: runs(150, 2, 2, 2)},
	})
	for _, want := range []string{
		"hook                               4.00      9.00      8.00       300     1.00 times\n",
		"bare                               2.00      2.00      4.00       150     2.00 times\n",
		"  bare: CPU                   at most 1.50, is 2.00: NOT MET\n",
		"  bare: memory                at most 1.50, is 2.00: NOT MET\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no line %q in\n%s", want, &out)
		}
	}
}
