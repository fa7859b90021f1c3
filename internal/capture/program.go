package capture

import (
	"fmt"

	"golang.org/x/net/bpf"
)

// program is a filter in the making: instructions with labels to jump to. Jumps of the machine reach 255
// instructions when they depend on something, and any number when they do not, so each of the first kind is made of two.
type program struct {
	code   []bpf.Instruction
	labels map[string]int
	jumps  map[int]string // at a bpf.Jump: where to
	marks  int
}

func newProgram() *program {
	return &program{labels: map[string]int{}, jumps: map[int]string{}}
}

func (p *program) do(code ...bpf.Instruction) { p.code = append(p.code, code...) }

// mark makes a label that no other one is.
func (p *program) mark() string {
	p.marks++
	return fmt.Sprintf("mark %d", p.marks)
}

func (p *program) label(name string) { p.labels[name] = len(p.code) }

func (p *program) jump(to string) {
	p.jumps[len(p.code)] = to
	p.do(bpf.Jump{})
}

// when jumps if the accumulator compares so.
func (p *program) when(test bpf.JumpTest, value uint32, to string) {
	p.do(bpf.JumpIf{Cond: test, Val: value, SkipFalse: 1})
	p.jump(to)
}

// unless jumps if the accumulator is not the value.
func (p *program) unless(value uint32, to string) {
	p.do(bpf.JumpIf{Cond: bpf.JumpEqual, Val: value, SkipTrue: 1})
	p.jump(to)
}

// assemble puts distances in the place of labels.
func (p *program) assemble() ([]bpf.RawInstruction, error) {
	for at, name := range p.jumps {
		to, ok := p.labels[name]
		if !ok || to <= at {
			return nil, fmt.Errorf("filter: no way from instruction %d to %q", at, name)
		}
		p.code[at] = bpf.Jump{Skip: uint32(to - at - 1)}
	}
	return bpf.Assemble(p.code)
}
