package httpd

import (
	"net/http"
	"sync"
	"time"
)

// chunk is what a reader takes at a time. A smaller one costs more system calls, a larger one more patience.
const chunk = 64 << 10

// sendBuffer is what the kernel is to hold for each reader, in bytes. It takes twice as much, for its own, and by itself would take
// megabytes for a reader on the same host who takes nothing (tcp_sndbuf_expand, net/ipv4/tcp_input.c).
const sendBuffer = 128 << 10

// Send writes a page to a reader and lets go of it. The reader is cut off when it takes nothing for a while, when the whole takes too
// long, or when the page's room is needed.
func Send(w http.ResponseWriter, r *http.Request, page *Page) {
	defer page.Release()
	s := seatOf(r.Context())
	defer s.move(waits)
	d := deadline{to: http.NewResponseController(w), end: time.Now().Add(s.limits.Response)}
	sent := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-page.Cut():
			d.expire()
		case <-sent:
		}
	})
	defer watch.Wait() // The page must not be used again while its deadline may still be moved.
	defer close(sent)
	for rest := page.Bytes; len(rest) > 0 && d.extend(s.limits.Stall); {
		if len(page.Bytes)-len(rest) > 4*sendBuffer {
			s.move(reads)
		} else {
			s.move(takes)
		}
		n, err := w.Write(rest[:min(chunk, len(rest))])
		if err != nil {
			return // The reader has gone, or was cut off: nobody is left to tell.
		}
		rest = rest[n:]
		page.Taken()
	}
	_ = d.to.Flush()
}

// deadline is that of a connection for writing, moved on with every chunk until somebody ends it.
type deadline struct {
	to  *http.ResponseController
	end time.Time

	mu      sync.Mutex
	expired bool
}

// extend reports whether there is any time left.
func (d *deadline) extend(by time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.expired {
		return false
	}
	at := time.Now().Add(by)
	if at.After(d.end) {
		at = d.end
	}
	_ = d.to.SetWriteDeadline(at) // Not with a recorder in a test.
	return true
}

func (d *deadline) expire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expired = true
	_ = d.to.SetWriteDeadline(time.Unix(1, 0))
}
