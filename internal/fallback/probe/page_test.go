package probe_test

import (
	"bytes"
	"crypto/md5" //nolint:gosec // the digest of HTTP_GET is MD5
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback/probe"
)

// pageServer answers each request with a head and a page of that many bytes x; -1: without end.
func pageServer(t *testing.T, head string, size int) int {
	t.Helper()
	return tcpServer(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1024))
		if _, err := io.WriteString(c, head); err != nil {
			return
		}
		for left := size; left != 0; {
			chunk := filler[:min(uint(left), uint(len(filler)))] // -1 is a lot
			if _, err := c.Write(chunk); err != nil {
				return
			}
			if size > 0 {
				left -= len(chunk)
			}
		}
	})
}

var filler = bytes.Repeat([]byte("x"), 32<<10)

// TestLongPages has real servers that send more than a health check needs, up to each limit and beyond.
func TestLongPages(t *testing.T) {
	const ok = "HTTP/1.0 200 OK\r\n\r\n"
	header := func(total int) string {
		const begin, end = "HTTP/1.0 200 OK\r\nX: ", "\r\n\r\n"
		return begin + strings.Repeat("y", total-len(begin)-len(end)) + end
	}
	digest := func(size int) string {
		sum := md5.Sum(bytes.Repeat([]byte("x"), size)) //nolint:gosec // see above
		return "digest " + hex.EncodeToString(sum[:])
	}
	const searched, page = 1 << 20, 64 << 20
	for _, test := range []struct {
		name   string
		head   string
		size   int
		more   string
		want   string
		reason string
	}{
		{"head at the limit", header(4095), 10, "", "pass", ""},
		{"head beyond", header(4096), 10, "", "fail", "no end within 4095 bytes"},
		{"head without end", "HTTP/1.0 200 OK\r\n", -1, "", "fail", "no end within 4095 bytes"},
		{"status without end", "", -1, "", "fail", "no end within 4095 bytes"},
		{"digest of a long page", ok, 5 << 20, digest(5 << 20), "pass", ""},
		{"digest at the limit", ok, page, digest(page), "pass", ""},
		{"digest beyond", ok, page + 1, digest(page + 1), "fail", "too long to say"},
		{"status alone", ok, page + 10, "", "pass", ""},
		{"without end", ok, -1, digest(1), "fail", "too long to say"},
		{"regex at the limit", ok, searched, `regex "xx$"`, "pass", ""},
		{"regex beyond", ok, searched + 10, `regex "y"`, "fail", "too long to say"},
		{"regex for the end, beyond", ok, searched + 10, `regex "xx$"`, "fail", "too long to say"},
		{"no match beyond", ok, searched + 10, "regex \"y\"\n regex_no_match", "fail", "too long to say"},
		{"no match at the limit", ok, searched, "regex \"y\"\n regex_no_match", "pass", ""},
		{"regex that was found before", ok, searched + 10, `regex "^x"`, "pass", ""},
		{"regex and digest", ok, searched + 10, "regex \"^x\"\n " + digest(searched+10), "pass", ""},
		{"regex and another digest", ok, searched + 10, "regex \"^x\"\n " + digest(1), "fail", "digest "},
		{"no match because of what was found", ok, searched, "regex \"^x\"\n regex_no_match", "fail", "does not decide"},
	} {
		t.Run(test.name, func(t *testing.T) {
			port := pageServer(t, test.head, test.size)
			checker := fmt.Sprintf("HTTP_GET {\n connect_port %d\n connect_timeout 60\n url {\n path /\n %s\n}\n}", port, test.more)
			expect(t, run(t, "", checker, probe.Options{}), test.want, test.reason)
		})
	}
	t.Run("mail server", func(t *testing.T) {
		port := tcpServer(t, func(c net.Conn) {
			for err := error(nil); err == nil; {
				_, err = c.Write(filler)
			}
		})
		expect(t, run(t, "", fmt.Sprintf("SMTP_CHECK {\n connect_port %d\n connect_timeout 60\n}", port), probe.Options{}), "fail", "a line of more than 2048 bytes")
	})
}

// TestThousandPages asks a thousand times at once for a page that never ends.
func TestThousandPages(t *testing.T) {
	const asking, most = 1000, 64 << 10 // bytes for each, the server's side in this process among them
	for _, more := range []string{"digest 00000000000000000000000000000000", `regex "y"`} {
		port := pageServer(t, "HTTP/1.0 200 OK\r\n\r\n", -1)
		p := configured(t, "", fmt.Sprintf("HTTP_GET {\n connect_port %d\n connect_timeout 1\n url {\n path /\n %s\n}\n}", port, more), probe.Options{})
		before := inUse()
		var all sync.WaitGroup
		for range asking {
			all.Go(func() {
				if r := p(t.Context()); r.Pass {
					t.Errorf("passed: %s", r.Reason)
				}
			})
		}
		ended := make(chan struct{})
		go func() { all.Wait(); close(ended) }()
		peak := uint64(0)
		for going := true; going; {
			select {
			case <-ended:
				going = false
			case <-time.After(50 * time.Millisecond):
			}
			peak = max(peak, inUse())
		}
		t.Logf("%s: %d kB each", more, (peak-min(before, peak))/asking>>10)
		if peak > before+asking*most {
			t.Errorf("%s: %d MB at once", more, (peak-before)>>20)
		}
	}
}

// inUse is the memory of this process that is not free, stacks included.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
