package fallback_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/internal/fallback"
)

// TestReloadStarvesNoCheck: a server that dies goes out while somebody reads the configuration again all the time, by whichever way: the
// check has a second from its first turn to its last, and somebody comes many times in each.
func TestReloadStarvesNoCheck(t *testing.T) {
	for name, again := range map[string]func(d *director, text string, n int){
		"SIGHUP":           func(d *director, _ string, _ int) { d.reload <- struct{}{} },
		"the same content": func(d *director, text string, _ int) { d.write(text) },
		"another time": func(d *director, _ string, n int) {
			at := time.Unix(1_700_000_000+int64(n), 0)
			if err := os.Chtimes(d.file, at, at); err != nil {
				d.t.Error(err)
			}
		},
		"another comment": func(d *director, text string, n int) {
			d.write(fmt.Sprintf("! %d\n%s%s", n, strings.Repeat("\n", n%5), text))
		},
		"another virtual server": func(d *director, text string, n int) {
			d.write(fmt.Sprintf("virtual_server 192.0.2.2 53 {\n protocol TCP\n lb_kind NAT\n real_server 127.0.0.1 53 {\n weight %d\n}\n}\n%s", n%1000, text))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := port(t)
			b, closeB := port(t)
			text := conf(a, b)
			d := newDirector(t, text)
			defer d.start()()
			both := func() bool {
				table := d.whole()
				return strings.Contains(table, fmt.Sprintf("127.0.0.1:%d=", a)) && strings.Contains(table, fmt.Sprintf("127.0.0.1:%d=", b))
			}
			ended, stop := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ended)
				for n := 0; ; n++ {
					again(d, text, n)
					select {
					case <-stop:
						return
					case <-time.After(time.Duration(10+n%7*10) * time.Millisecond):
					}
				}
			}()
			defer func() { close(stop); <-ended }()
			d.until("both are up", both)
			closeB()
			d.until("the dead one is out", func() bool { return !both() })
		})
	}
}

// TestHalfWritten: a file that is being written is not read before it rests.
func TestHalfWritten(t *testing.T) {
	a, _ := port(t)
	text := conf(a)
	d := newDirector(t, text)
	d.change = func(o *fallback.Options) { o.Interval = 300 * time.Millisecond }
	defer d.start()()
	d.until("it is up", func() bool { return d.table() == fmt.Sprintf("%d:1", a) })
	for i := 0; i < len(text); i += 3 { // faster than the looks, so that no two see the same
		d.write("! " + text[:i])
		time.Sleep(10 * time.Millisecond)
	}
	d.write(text + strings.ReplaceAll(text, "192.0.2.1", "192.0.2.3"))
	d.until("the new one is taken", func() bool { return strings.Contains(d.whole(), "192.0.2.3:53") })
	if log := d.log.String(); strings.Count(log, "configuration taken") != 2 || strings.Contains(log, "remove") {
		t.Errorf("the log says\n%s", log)
	}
}

// TestUnchangedIsNoReload: what is read again and says the same is not taken again; another's write is noticed all the same.
func TestUnchangedIsNoReload(t *testing.T) {
	a, _ := port(t)
	text := conf(a)
	d := newDirector(t, text)
	defer d.start()()
	d.until("it is up", func() bool { return d.table() == fmt.Sprintf("%d:1", a) })
	d.write(text)
	d.reload <- struct{}{}
	d.until("it is read again", func() bool { return strings.Contains(d.log.String(), "the configuration is as it was") })
	if n := strings.Count(d.log.String(), "configuration taken"); n != 1 {
		t.Errorf("taken %d times:\n%s", n, d.log)
	}
	for range 10 {
		d.write(text) // at each look, as before and after the write
		time.Sleep(20 * time.Millisecond)
	}
	d.kernel.Do(func() { d.kernel.Entries[0].Destinations[0].Weight = 77 })
	d.until("the other hand is noticed", func() bool {
		d.write(text)
		return strings.Contains(d.log.String(), "somebody else wrote")
	})
}

// TestOneBadCheck: a check that cannot be made leaves its virtual server alone, at the start and after a reload, and one that keepalived drops drops
// nothing but itself: the other virtual servers are programmed.
func TestOneBadCheck(t *testing.T) {
	const bad = `bfd_instance b {
	neighbor_ip 127.0.0.1
	source_ip 127.0.0.1
}
track_file T {
	weight 1
}
virtual_server 192.0.2.2 53 {
	protocol TCP
	lb_algo rr
	lb_kind NAT
	real_server 127.0.0.1 53 {
		BFD_CHECK {
			name b
		}
	}
}
virtual_server 192.0.2.3 53 {
	protocol TCP
	lb_algo rr
	lb_kind NAT
	alpha
	real_server 127.0.0.1 53 {
		weight 5
		FILE_CHECK {
			track_file T
		}
	}
}
`
	a, _ := port(t)
	b, _ := port(t)
	d := newDirector(t, bad+conf(a))
	stop := d.start()
	d.until("the others are there", func() bool {
		table := d.whole()
		return strings.Contains(table, "192.0.2.3:53 127.0.0.1:53=5") && strings.Contains(table, fmt.Sprintf("192.0.2.1:53 127.0.0.1:%d=1", a))
	})
	d.write(conf(b) + bad)
	d.until("the new one is taken", func() bool { return strings.Contains(d.whole(), fmt.Sprintf("127.0.0.1:%d=1", b)) })
	stop()
	if table, log := d.whole(), d.log.String(); strings.Contains(table, "192.0.2.2") || strings.Count(log, "left alone") != 2 || strings.Contains(log, "not taken") {
		t.Errorf("%s\n%s", table, log)
	}
}

// TestReplacedFile: another file in the place of keepalived.conf is seen, also one that is as large and as old, as rsync -t and cp -p make it.
func TestReplacedFile(t *testing.T) {
	a, _ := port(t)
	text := conf(a)
	d := newDirector(t, text)
	d.change = func(o *fallback.Options) { o.Interval = 300 * time.Millisecond }
	defer d.start()()
	d.until("it is up", func() bool { return d.table() == fmt.Sprintf("%d:1", a) })
	info, err := os.Stat(d.file)
	if err != nil {
		t.Fatal(err)
	}
	other := d.file + ".other"
	if err := errors.Join(
		os.WriteFile(other, []byte(strings.Replace(text, "192.0.2.1", "192.0.2.3", 1)), 0o644),
		os.Chtimes(other, info.ModTime(), info.ModTime()), os.Rename(other, d.file),
	); err != nil {
		t.Fatal(err)
	}
	d.until("the new one is taken", func() bool { return strings.Contains(d.whole(), "192.0.2.3:53") })
}
