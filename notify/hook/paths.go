package hook

import (
	"strings"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// The files of a host.
const (
	SettingsFile   = "/etc/lvsdns/notify.yaml"
	KeepalivedConf = "/etc/keepalived/keepalived.conf"
)

// Paths are where a hook finds its files.
type Paths struct {
	Settings, Conf, StateDir, RunDir string
}

// DefaultPaths are those of an installation.
func DefaultPaths() Paths {
	return Paths{Settings: SettingsFile, Conf: KeepalivedConf, StateDir: journal.StateDir, RunDir: journal.RunDir}
}

// Flags are the names of the paths on the command line.
func (p *Paths) Flags() map[string]*string {
	return map[string]*string{"config": &p.Settings, "keepalived-config": &p.Conf, "state-dir": &p.StateDir, "run-dir": &p.RunDir}
}

// TakePaths takes the flags that name files from the front of a command line; what they don't name has its default. It
// stops at the first word that is none of them: whoever reads the rest says what is wrong with it.
func TakePaths(args []string) (Paths, []string) {
	p := DefaultPaths()
	flags := p.Flags()
	for len(args) > 0 {
		name, isFlag := strings.CutPrefix(args[0], "--")
		name, value, assigned := strings.Cut(name, "=")
		to := flags[name]
		if !isFlag || to == nil || !assigned && len(args) < 2 {
			break
		}
		args = args[1:]
		if !assigned {
			value, args = args[0], args[1:]
		}
		*to = value
	}
	return p, args
}

// IsEvent says whether a word begins what ParseArguments reads.
func IsEvent(word string) bool {
	_, ok := notify.ParseState(word)
	return ok || word == "INSTANCE" || word == "GROUP"
}

// Settle is the command line of lvsdns-notify-act that acts on an event. The event is handed on because it may not be in
// the journal; said says that this was reported already.
func (p Paths) Settle(e notify.Event, said bool) []string {
	args := []string{"--config=" + p.Settings, "--keepalived-config=" + p.Conf, "--state-dir=" + p.StateDir, "--run-dir=" + p.RunDir, "settle"}
	if said {
		args = append(args, "--said")
	}
	return append(args, string(notify.EncodeEvent(e)))
}
