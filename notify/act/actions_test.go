package act

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lvsdns/lvsdns/notify"
)

func TestSysctl(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "proc/sys/net/netfilter")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "nf_conntrack_udp_timeout")
	if err := os.WriteFile(file, []byte("30\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var found []string
	c := Call{Found: func(k, v string) { found = append(found, k+"="+v) }}
	const key = "net.netfilter.nf_conntrack_udp_timeout"
	for _, tt := range []struct {
		s    Sysctl
		want string
	}{
		{Sysctl{Key: key, Value: "10", Assert: true}, key + " is 30, and should be 10"},
		{Sysctl{Key: key, Value: "10"}, key + " was 30 and is 10"},
		{Sysctl{Key: key, Value: "10"}, key + " is 10"},
		{Sysctl{Key: "net/netfilter/nf_conntrack_udp_timeout", Value: " 10", Assert: true}, "net/netfilter/nf_conntrack_udp_timeout is 10"},
		{Sysctl{Key: "net.ipv4.vs.none", Value: "1"}, "read net.ipv4.vs.none: open " + root + "/proc/sys/net/ipv4/vs/none: no such file or directory"},
	} {
		tt.s.Root = root
		text, err := tt.s.Do(t.Context(), c)
		if err != nil {
			text = err.Error()
		}
		if text != tt.want {
			t.Errorf("%+v: %s", tt.s, text)
		}
	}
	if text, _ := os.ReadFile(file); string(text) != "10" && !strings.HasPrefix(string(text), "10") || !slices.Equal(found, []string{key + "=30"}) {
		t.Errorf("%q %v", text, found)
	}
}

type flows map[string]int

func (f flows) Delete(_ context.Context, to netip.AddrPort) (int, error) {
	n, ok := f[to.String()]
	if !ok {
		return 0, errors.New("no permission")
	}
	return n, nil
}

func TestConntrack(t *testing.T) {
	f := flows{"192.0.2.53:53": 7, "[2001:db8::53]:53": 5}
	a := Conntrack{Flows: f, Port: 53}
	c := Call{Subject: dns, Addresses: []notify.Address{at("192.0.2.53"), at("2001:db8::53"), at("192.0.2.53")}}
	if text, err := a.Do(t.Context(), c); text != "12 flows deleted" || err != nil {
		t.Error(text, err)
	}
	c.Addresses = append(c.Addresses, at("192.0.2.1"))
	if _, err := a.Do(t.Context(), c); err == nil || err.Error() != "12 deleted; delete the flows of 192.0.2.1: no permission" {
		t.Error(err)
	}
	if _, err := a.Do(t.Context(), Call{Subject: dns}); err == nil {
		t.Error("no addresses is no success")
	}
}

type fakeDaemons struct {
	all   []SyncDaemon
	calls []string
	err   error // of List
}

func (f *fakeDaemons) List(context.Context) ([]SyncDaemon, error) { return slices.Clone(f.all), f.err }
func (f *fakeDaemons) Start(_ context.Context, d SyncDaemon) error {
	f.calls = append(f.calls, "start "+string(d.Role))
	f.all = append(f.all, d)
	return nil
}
func (f *fakeDaemons) Stop(_ context.Context, r SyncRole) error {
	f.calls = append(f.calls, "stop "+string(r))
	f.all = slices.DeleteFunc(f.all, func(d SyncDaemon) bool { return d.Role == r })
	return nil
}

func TestSync(t *testing.T) {
	f := &fakeDaemons{}
	for _, tt := range []struct {
		a    Sync
		want string
	}{
		{Sync{Roles: []SyncRole{Receives}, Interface: "eth0", ID: 1}, "start backup"},
		{Sync{Roles: []SyncRole{Sends}, Interface: "eth0", ID: 1}, "stop backup start master"},
		{Sync{Roles: []SyncRole{Sends}, Interface: "eth0", ID: 1}, ""},
		{Sync{Roles: []SyncRole{Sends}, Interface: "eth1", ID: 1}, "stop master start master"},
		{Sync{Roles: []SyncRole{Sends, Receives}, Interface: "eth1", ID: 1}, "start backup"},
		{Sync{}, "stop master stop backup"},
	} {
		f.calls = nil
		tt.a.Daemons = f
		if _, err := tt.a.Do(t.Context(), Call{}); err != nil || strings.Join(f.calls, " ") != tt.want {
			t.Errorf("%+v: %v %v", tt.a, f.calls, err)
		}
	}
}

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	script := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("LD_PRELOAD_OF_KEEPALIVED", "1")
	env := script("env", `env | grep -v -e '^PWD=' -e '^SHLVL=' -e '^_=' | sort >`+dir+`/out; pwd >>`+dir+`/out`)
	c := Call{Subject: dns, State: notify.Master, Priority: 150}
	if _, err := (Command{Run: []string{env}, Environment: []string{"SITE=b"}}).Do(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	out, _ := os.ReadFile(filepath.Join(dir, "out"))
	want := "LANG=C.UTF-8\nLVSDNS_KIND=instance\nLVSDNS_NAME=VI_DNS\nLVSDNS_PRIORITY=150\nLVSDNS_STATE=master\n" + cleanPath + "\nSITE=b\n/\n"
	if string(out) != want {
		t.Errorf("%s\nwant\n%s", out, want)
	}
	bad := script("bad", "echo it is broken; exit 3")
	if _, err := (Command{Run: []string{bad, "x"}}).Do(t.Context(), c); err == nil || err.Error() != bad+": exit status 3" {
		t.Error(err)
	}
	var told []string
	c.Tell = func(text string) { told = append(told, text) }
	_, err := Command{Run: []string{bad, "password"}}.Do(t.Context(), c)
	if text := fmt.Sprint(err); strings.Contains(text, "password") || strings.Contains(text, "broken") || fmt.Sprint(told) != "["+bad+" printed: it is broken]" {
		t.Errorf("%v, told %q", err, told)
	}
	c.Tell = nil
	// The whole group ends with the deadline, children included.
	slow := script("slow", "sleep 1000 & echo $! >"+dir+"/child; wait")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := (Command{Run: []string{slow}}).Do(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	pid, _ := os.ReadFile(filepath.Join(dir, "child"))
	gone := func() bool {
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	}
	for n := 0; !gone(); n++ {
		if n > 500 {
			t.Fatalf("child %s lives on", pid)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := (Command{Run: []string{dir + "/none"}}).Do(t.Context(), c); err == nil {
		t.Error("a program that is not there")
	}
	if _, err := (Command{Run: []string{env}, User: "no-such-user-here"}).Do(t.Context(), c); err == nil {
		t.Error("a user that is not there")
	}
	systemctl := script("systemctl", `echo "$@" >>`+dir+`/units`)
	if text, err := (Unit{Name: "nginx.service", Verb: "reload", Program: systemctl}).Do(t.Context(), c); err != nil || text != "systemd was asked to reload nginx.service" {
		t.Error(text, err)
	}
	conntrackd := script("conntrackd", `printf "%s\n" "$*" >>`+dir+`/units; [ "$3" != -f ]`)
	if _, err := (Conntrackd{Role: "primary", Program: conntrackd, ConfigFile: "/c"}).Do(t.Context(), c); err == nil || err.Error() != "conntrackd -f: "+conntrackd+": exit status 1" {
		t.Error(err)
	}
	if text, err := (Conntrackd{Role: "backup", Program: conntrackd}).Do(t.Context(), c); err != nil || text != "conntrackd is backup" {
		t.Error(text, err)
	}
	out, _ = os.ReadFile(filepath.Join(dir, "units"))
	if string(out) != "--no-ask-password --quiet --no-block reload -- nginx.service\n-C /c -c\n-C /c -f\n-C /c -R\n-C /c -B\n-t\n-n\n" {
		t.Errorf("%s", out)
	}
}

func TestWebhook(t *testing.T) {
	var posts []Post
	answers := []int{503, 200, 404}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var p Post
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil || r.Header.Get("Authorization") != "Bearer x" {
			t.Error(err, r.Header)
		}
		posts = append(posts, p)
		w.WriteHeader(answers[len(posts)-1])
	}))
	defer s.Close()
	a := Webhook{URL: s.URL, Attempts: 2, Headers: []string{"Authorization: Bearer x"}, Host: "lb1", Client: s.Client(), Pause: time.Millisecond, Now: func() time.Time { return time.Unix(5, 0).UTC() }}
	c := Call{Subject: dns, State: notify.Master, Priority: 150}
	if text, err := a.Do(t.Context(), c); text != "taken, attempt 2" || err != nil {
		t.Error(text, err)
	}
	if want := (Post{"lb1", "instance", "VI_DNS", "master", 150, time.Unix(5, 0).UTC()}); posts[1] != want {
		t.Errorf("%+v", posts[1])
	}
	if _, err := a.Do(t.Context(), c); err == nil || err.Error() != "post "+s.URL+": 404 Not Found (attempt 1)" {
		t.Error(err)
	}
	for _, address := range []string{strings.TrimPrefix(s.URL, "http://"), "127.0.0.1:1"} {
		a.URL = "http://user:password@" + address + "/services/password?token=password"
		answers = append(answers, 404)
		if _, err := a.Do(t.Context(), c); err == nil || strings.Contains(err.Error(), "password") || !strings.HasPrefix(err.Error(), "post http://"+address+"/…: ") {
			t.Error(err)
		}
	}
	a.URL = "http://127.0.0.1:1/"
	if _, err := a.Do(t.Context(), c); err == nil || !strings.HasSuffix(err.Error(), "connection refused (attempt 2)") {
		t.Error(err)
	}
}

func TestFrames(t *testing.T) {
	mac := [6]byte{2, 0, 0, 0, 0, 1}
	for _, tt := range []struct {
		frame []byte
		want  string
	}{
		{gratuitousARP(mac, netip.MustParseAddr("192.0.2.53"), 1), "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 c0000235 ffffffffffff c0000235"},
		{gratuitousARP(mac, netip.MustParseAddr("192.0.2.53"), 2), "ffffffffffff 020000000001 0806 0001 0800 06 04 0002 020000000001 c0000235 020000000001 c0000235"},
		{neighbourAdvertisement(mac, netip.MustParseAddr("2001:db8::53")), "333300000001 020000000001 86dd 60000000 0020 3a ff 20010db8000000000000000000000053 ff020000000000000000000000000001" +
			" 88 00 " + "f886" + " 20000000 20010db8000000000000000000000053 02 01 020000000001"},
	} {
		if got := hex.EncodeToString(tt.frame); got != strings.ReplaceAll(tt.want, " ", "") {
			t.Errorf("%s\nwant %s", got, strings.ReplaceAll(tt.want, " ", ""))
		}
	}
}

func TestAnnounce(t *testing.T) {
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(links, func(i net.Interface) bool { return len(i.HardwareAddr) == 6 && i.Flags&net.FlagLoopback == 0 })
	if at < 0 {
		t.Skip("this host has no Ethernet")
	}
	here := []notify.Held{{Addr: netip.MustParseAddr("192.0.2.53"), Interface: links[at].Name}, {Addr: netip.MustParseAddr("2001:db8::53"), Interface: links[at].Name}, {Addr: netip.MustParseAddr("192.0.2.1"), Interface: links[at].Name}}
	frames := 0
	a := Announce{Count: 3, Held: func() ([]notify.Held, error) { return here, nil }, Send: func(*net.Interface, []byte) error { frames++; return nil }}
	c := Call{Subject: dns, Addresses: []notify.Address{{Addr: here[0].Addr}, {Addr: here[1].Addr}}}
	if text, err := a.Do(t.Context(), c); err != nil || text != "6 announcements sent" || frames != 9 {
		t.Error(text, err, frames)
	}
	here = nil
	if text, err := a.Do(t.Context(), c); err != nil || text != "this host holds none of the addresses any more" {
		t.Error(text, err)
	}
}

func TestTrackFile(t *testing.T) {
	s := func(a, proto string, usable int) Service {
		return Service{Addr: netip.MustParseAddrPort(a), Proto: proto, Usable: usable}
	}
	services := []Service{s("192.0.2.53:53", "udp", 3), s("192.0.2.53:53", "tcp", 2), s("192.0.2.53:80", "tcp", 1), s("192.0.2.1:53", "udp", 0)}
	vip := netip.MustParseAddr("192.0.2.53")
	for _, tt := range []struct {
		f    TrackFile
		want int
	}{
		{TrackFile{Addr: vip}, 1},
		{TrackFile{Addr: vip, Port: 53}, 2},
		{TrackFile{Addr: vip, Port: 53, Proto: "udp"}, 3},
		{TrackFile{Addr: netip.MustParseAddr("192.0.2.99")}, 0},
	} {
		if got := tt.f.Healthy(services); got != tt.want {
			t.Errorf("%+v: %d", tt.f, got)
		}
	}
	f := TrackFile{Path: filepath.Join(t.TempDir(), "healthy"), OnExit: "remove"}
	for _, want := range []bool{true, false} {
		if changed, err := f.Write(3); err != nil || changed != want {
			t.Error(changed, err)
		}
	}
	if text, _ := os.ReadFile(f.Path); string(text) != "3\n" {
		t.Errorf("%q", text)
	}
	if err := f.End(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(f.Path); err == nil {
		t.Error("the file is still there")
	}
}
