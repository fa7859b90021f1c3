package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lvsdns/lvsdns/internal/fallback/apply"
	"github.com/lvsdns/lvsdns/internal/fallback/kerneltest"
	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// BenchmarkWithoutChange is the plan for a table of 1,000 virtual servers with 10 real servers each that is as it should be.
func BenchmarkWithoutChange(b *testing.B) {
	var text strings.Builder
	for v := range 1000 {
		fmt.Fprintf(&text, "virtual_server 10.1.%d.%d 53 {\n protocol UDP\n lb_algo rr\n lb_kind DR\n", v/250, v%250+1)
		for s := range 10 {
			fmt.Fprintf(&text, "real_server 10.2.0.%d 53 {\nTCP_CHECK {\n}\n}\n", s+1)
		}
		text.WriteString("}\n")
	}
	c, err := keepalived.Load("/k.conf", keepalived.Options{FS: fstest.MapFS{"k.conf": {Data: []byte(text.String())}}, ConfigID: "x"})
	if err != nil {
		b.Fatal(err)
	}
	k := &kerneltest.Kernel{}
	in := plan.Input{Config: c, Names: plan.NamesOf(c)}
	if _, err := apply.Steps(b.Context(), k, plan.Make(in).Steps); err != nil {
		b.Fatal(err)
	}
	in.Kernel, _ = k.Snapshot(b.Context())
	for b.Loop() {
		if p := plan.Make(in); p.Differs() {
			b.Fatal(p.Steps[0])
		}
	}
}
