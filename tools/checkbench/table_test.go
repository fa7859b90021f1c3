package main

import (
	"strings"
	"testing"
	"time"
)

// runs makes samples with these CPU times in milliseconds.
func runs(cpu ...int) []sample {
	var list []sample
	for _, ms := range cpu {
		list = append(list, sample{cpu: time.Duration(ms) * time.Millisecond, wall: time.Duration(2*ms) * time.Millisecond, memory: 100 * ms})
	}
	return list
}

func TestTable(t *testing.T) {
	var out strings.Builder
	printTable(&out, []contestant{
		{name: "check", samples: runs(4, 9, 3, 2, 4)},
		{name: "slow script", role: script, samples: runs(20, 20, 20, 20, 90)},
		{name: "fast script", role: script, samples: runs(10, 10, 10)},
		{name: "bare", role: bareGo, samples: runs(5)},
	})
	text := out.String()
	for _, want := range []string{
		"check                                  4.00      9.00      8.00       900    1.00 times\n",
		"slow script                           20.00     90.00     40.00      9000    0.20 times\n",
		"  slow script                      at most 0.20, is 0.20: met\n",
		"  fast script                      at most 0.20, is 0.40: NOT MET\n",
		"  bare                             at most 1.25, is 0.80: met\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no line %q in\n%s", want, text)
		}
	}
}
