package guest

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed init.sh
var initScript []byte

// quote makes s one word for sh, whatever bytes it holds.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// jobScript is the file that starts the command. A file, because a kernel
// command line holds neither a caller's environment nor a newline.
func jobScript(s Spec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cd -- %s || exit 1\nexec env -i", quote(s.Dir))
	for _, kv := range s.Env {
		b.WriteString(" " + quote(kv))
	}
	for _, arg := range s.Argv {
		b.WriteString(" " + quote(arg))
	}
	b.WriteString("\n")
	return b.String()
}

// writeRun fills the run's directory with all that the guest reads.
func writeRun(dir string, s Spec, plan string) error {
	if err := os.Mkdir(filepath.Join(dir, "root"), 0o755); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
		mode os.FileMode
	}{
		{"init", initScript, 0o755},
		{"plan", []byte(plan), 0o644},
		{"job", []byte(jobScript(s)), 0o600},
	} {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.data, f.mode); err != nil {
			return err
		}
	}
	return nil
}
