package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/lvsdns/lvsdns/internal/bounded"
)

// KeepalivedID is what keepalived takes for its --config-id when it has none: the
// host's name up to its first dot (main in keepalived's core/main.c).
func KeepalivedID() (string, error) {
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("find the name of this host: %w", err)
	}
	id, _, _ := strings.Cut(name, ".")
	return id, nil
}

// maxProgram is many times the size of keepalived.
const maxProgram = 64 << 20

// version is VERSION_STRING of keepalived's lib/utils.h, as it stands in the program.
var version = regexp.MustCompile(`Keepalived v([0-9]+\.[0-9]+\.[0-9]+)`)

// KeepalivedVersion reads the version of keepalived, such as 2.2.7, out of its program: of the process that the pid
// file names if this process may look at it, else of the file that would be started. Nothing is run. All paths are
// below root; empty: /. The error is fs.ErrNotExist if there is no program.
func KeepalivedVersion(root, pidFile string) (string, error) {
	if pid, err := keepalivedPID(root, pidFile); err == nil {
		if v, err := versionIn(inProc(root, pid, "exe")); err == nil {
			return v, nil
		}
	}
	program := KeepalivedProgram(root)
	if program == "" {
		return "", fmt.Errorf("find keepalived's version: %w: no keepalived in %s", os.ErrNotExist, keepalivedPath)
	}
	return versionIn(filepath.Join("/", root, program))
}

// KeepalivedProgram is the path below root of the keepalived that would be started; empty if there is none.
func KeepalivedProgram(root string) string {
	for dir := range strings.SplitSeq(keepalivedPath, ":") {
		program := filepath.Join(dir, "keepalived")
		if _, err := os.Stat(filepath.Join("/", root, program)); !errors.Is(err, os.ErrNotExist) {
			return program
		}
	}
	return ""
}

func versionIn(program string) (string, error) {
	f, err := os.Open(program)
	if err != nil {
		return "", fmt.Errorf("find keepalived's version: %w", err)
	}
	defer f.Close()
	content, err := bounded.ReadAll(f, program, maxProgram)
	if err != nil {
		return "", fmt.Errorf("find keepalived's version: %w", err)
	}
	found := version.FindSubmatch(content)
	if found == nil {
		return "", fmt.Errorf("find keepalived's version: there is none in %s", program)
	}
	return string(found[1]), nil
}

// maxPIDFile is more than a number takes.
const maxPIDFile = 64

func inProc(root string, pid int, name string) string {
	return filepath.Join("/", root, "proc", strconv.Itoa(pid), name)
}

// keepalivedPID reads the pid file, and looks whether that process is keepalived: the number may
// have become another's.
func keepalivedPID(root, pidFile string) (int, error) {
	text, err := bounded.ReadFile(filepath.Join("/", root, pidFile), maxPIDFile)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("%s holds no process ID", pidFile)
	}
	return pid, isKeepalived(root, pid, pidFile)
}

// isKeepalived goes by the program of the process, and by its user: process_name gives it another name, and a user any
// process that name.
func isKeepalived(root string, pid int, pidFile string) error {
	p, err := ReadProcess(filepath.Join("/", root, "proc"), pid)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("process %d of %s does not run: %w", pid, pidFile, os.ErrNotExist)
	case err != nil:
		return err
	case !p.Trusted():
		return fmt.Errorf("process %d of %s is no keepalived but %s of user %d", pid, pidFile, p.Name, p.User)
	case !p.IsKeepalived():
		return fmt.Errorf("process %d of %s is no keepalived but %s", pid, pidFile, p.Name)
	}
	return nil
}
