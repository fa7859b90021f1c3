package guest

import "io"

// tail keeps the last 64 KB that were written to it.
type tail struct {
	b    []byte
	also io.Writer // gets all of it; may be nil
}

const tailSize = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 2*tailSize {
		t.b = append(t.b[:0], t.b[len(t.b)-tailSize:]...)
	}
	if t.also != nil {
		_, _ = t.also.Write(p)
	}
	return len(p), nil
}

func (t *tail) String() string {
	return string(t.b[max(0, len(t.b)-tailSize):])
}
