package guest

// tail keeps the last 64 KB that were written to it.
type tail struct{ b []byte }

const tailSize = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if n := len(t.b) - tailSize; n > tailSize {
		t.b = append(t.b[:0], t.b[n:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	return string(t.b[max(0, len(t.b)-tailSize):])
}
