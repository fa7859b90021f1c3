package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestReadProcess(t *testing.T) {
	for _, tt := range []struct {
		name, exe, status string
		want              Process
		trusted, is       bool
	}{
		{"keepalived", "/usr/sbin/keepalived", "Name:\tlb\nState:\tT (stopped)\nPPid:\t7\nUid:\t0\t0\t0\t0\nCapEff:\t0000000000003000\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n",
			Process{Name: "lb", Program: "keepalived", State: 'T', Parent: 7, Turns: 12, Capabilities: 0x3000}, true, true},
		{
			"replaced since", "/opt/keepalived-2.3.4 (deleted)", "Name:\tkeepalived\nUid:\t0\t0\t0\t0\n",
			Process{Name: "keepalived", Program: "keepalived-2.3.4"}, true, true,
		},
		{
			"another program of that name", "/usr/bin/sudo", "Name:\tkeepalived\nUid:\t0\t0\t0\t0\n",
			Process{Name: "keepalived", Program: "sudo"}, true, false,
		},
		{
			"a relative", "/usr/bin/keepalived_exporter", "Name:\tkeepalived_expo\nUid:\t0\t0\t0\t0\n",
			Process{Name: "keepalived_expo", Program: "keepalived_exporter"}, true, false,
		},
		{
			"of another user, as root", "/usr/sbin/keepalived", "Name:\tkeepalived\nUid:\t65534\t0\t0\t0\n",
			Process{Name: "keepalived", Program: "keepalived", User: 65534}, false, false,
		},
		{
			"a name with a line of its own", "/bin/x", "Name:\tx\\nUid:\t0\nUid:\t65534\t65534\t65534\t65534\n",
			Process{Name: `x\nUid:` + "\t0", Program: "x", User: 65534}, false, false,
		},
		{
			"without a user", "/usr/sbin/keepalived", "Name:\tkeepalived\n",
			Process{Name: "keepalived", Program: "keepalived", User: -1}, false, false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			proc := t.TempDir()
			dir := filepath.Join(proc, "10")
			if err := errors.Join(
				os.Mkdir(dir, 0o755), os.Symlink(tt.exe, filepath.Join(dir, "exe")),
				os.WriteFile(filepath.Join(dir, "status"), []byte(tt.status), 0o644),
			); err != nil {
				t.Fatal(err)
			}
			got, err := ReadProcess(proc, 10)
			if err != nil || got != tt.want || got.Trusted() != tt.trusted || got.IsKeepalived() != tt.is {
				t.Errorf("%+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
	// Where it may not be seen which program it is.
	if !(Process{Name: "keepalived_vrrp"}).IsKeepalived() || (Process{Name: "keepalived", User: 65534}).IsKeepalived() ||
		(Process{Name: "lb"}).IsKeepalived() {
		t.Error("without its program a process is not taken by its name and its user")
	}
	if _, err := ReadProcess(t.TempDir(), 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of none: %v", err)
	}
	if self, err := ReadProcess("/proc", os.Getpid()); err != nil || self.User != os.Getuid() || self.Parent != os.Getppid() ||
		self.Program == "" {
		t.Errorf("of ourselves: %+v, %v", self, err)
	}
}
