package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/lvsdns/lvsdns/internal/bounded"
)

// NotifyFile is where the settings of lvsdns-notify are. No such file is no error: there are no actions then.
const NotifyFile = "/etc/lvsdns/notify.yaml"

// Notify is the settings of lvsdns-notify.
type Notify struct {
	Log        Log
	Timeout    time.Duration // of each action that has no other
	Resync     time.Duration // between two looks of the reader
	Keepalived ReadAs
	Rules      []NotifyRule
	Agreements []NotifyAgreement
	TrackFiles []TrackFile
}

// ReadAs says how keepalived.conf is read. Empty: as the keepalived that is installed reads it, with the id that it takes by itself.
type ReadAs struct{ ConfigID, Version string }

// NotifyRule says what to do when one of these is in one of these states.
type NotifyRule struct {
	Instances, Groups []string // neither: every instance
	States            []string
	Actions           []NotifyAction
}

// NotifyAction is one thing to do. One of the pointers is set.
type NotifyAction struct {
	Name    string
	Timeout time.Duration // 0: the common one
	After   bool          // all before it in the list have ended, well or not

	Sysctl     *SysctlAction
	HAProxy    *HAProxyAction
	Conntrack  *ConntrackAction
	Conntrackd *ConntrackdAction
	IPVSSync   *IPVSSyncAction
	Announce   *AnnounceAction
	Unit       *UnitAction
	Command    *CommandAction
	Webhook    *WebhookAction
}

// SysctlAction sets a kernel setting, or only says when it differs.
type SysctlAction struct {
	Key, Value string
	Assert     bool
}

// HAProxyAction brings servers and frontends into a state through the runtime socket.
type HAProxyAction struct {
	Socket             string
	Servers, Frontends []string
	To                 string
}

// ConntrackAction deletes the UDP flows of the addresses of the instance.
type ConntrackAction struct {
	Port int // 0: all
}

// ConntrackdAction tells conntrackd its role.
type ConntrackdAction struct {
	Role, Program, ConfigFile string
}

// IPVSSyncAction makes the IPVS synchronisation daemon run in a role.
type IPVSSyncAction struct {
	Role, Interface string
	ID              int
}

// AnnounceAction repeats gratuitous ARP and unsolicited neighbour advertisements.
type AnnounceAction struct {
	Delay, Interval time.Duration
	Count           int
}

// UnitAction starts, stops, restarts or reloads a systemd unit.
type UnitAction struct {
	Unit, Do string
	Wait     bool
}

// CommandAction runs a program.
type CommandAction struct {
	Run, Environment []string
	User             string
}

// WebhookAction posts JSON.
type WebhookAction struct {
	URL      string
	Attempts int
	Headers  []string
}

// Secrets reports whether the settings have what not everybody should read: headers, what a URL has behind its host or in front of it,
// an environment. The journal has none of it.
func (n *Notify) Secrets() bool {
	for _, r := range n.Rules {
		for _, a := range r.Actions {
			if a.Command != nil && len(a.Command.Environment) > 0 || a.Webhook != nil && (len(a.Webhook.Headers) > 0 || private(a.Webhook.URL)) {
				return true
			}
		}
	}
	return false
}

// private reports whether a URL has more than scheme and host: its path often is a password.
func private(address string) bool {
	u, err := url.Parse(address)
	return err != nil || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != ""
}

// NotifyAgreement says which parts are to be active where the addresses of an instance or group are.
type NotifyAgreement struct {
	Instance, Group    string
	Socket             string // of HAProxy
	Frontends, Servers []string
	IPVS               bool // virtual servers of the addresses are in the table and usable
	IPVSSync           bool // the synchronisation daemon sends
}

// TrackFile is a file of keepalived's that gets the number of healthy real servers.
type TrackFile struct {
	Path     string
	VIP      netip.Addr
	Port     int    // 0: all
	Protocol string // empty: all
	OnExit   string // keep, zero or remove
}

// NewNotify is what holds without a file.
func NewNotify() *Notify {
	return &Notify{
		Log:     Log{Format: logfmt},
		Timeout: 5 * time.Second,
		Resync:  10 * time.Second,
	}
}

// Flags sets what the command line of the FIFO service has, which has the last word.
func (n *Notify) Flags(flags Flags) error { return fromFlags(n.log(), flags) }

func (n *Notify) log() []option {
	return []option{
		{"log.level", level{&n.Log.Level}, "debug, info, warn or error."},
		{"log.format", logFormat{&n.Log.Format}, logFormatDoc},
	}
}

// LoadNotify reads the file, strictly: all that is wrong with it is reported, a line each. Without a file the
// defaults hold, unless the file was asked for by name.
func LoadNotify(path string, asked bool) (*Notify, error) {
	n := NewNotify()
	content, err := bounded.ReadFile(path, bounded.Settings)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return n, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	settings, err := decode(path, content)
	if err != nil {
		return nil, err
	}
	var errs []error
	root, _ := newNode("", settings, &errs)
	n.read(root)
	for i, err := range errs {
		errs[i] = fmt.Errorf("%s: %w", path, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *Notify) read(root *node) {
	root.section("log", func(s *node) {
		s.take("level", level{&n.Log.Level})
		s.take("format", logFormat{&n.Log.Format})
	})
	root.take("timeout", span{&n.Timeout, 10 * time.Millisecond, 5 * time.Minute})
	root.take("resync", span{&n.Resync, time.Second, time.Hour})
	root.section("keepalived", func(s *node) {
		s.take("config-id", text{&n.Keepalived.ConfigID})
		s.take("version", release{&n.Keepalived.Version})
	})
	root.list("rules", func(r *node) { n.Rules = append(n.Rules, readRule(r)) })
	root.list("agreements", func(a *node) { n.Agreements = append(n.Agreements, readAgreement(a)) })
	writes := map[string]int{}
	root.list("track-files", func(f *node) {
		track := readTrackFile(f)
		if n.TrackFiles = append(n.TrackFiles, track); track.Path != "" && writes[track.Path] > 0 {
			f.fail("path", fmt.Errorf("track-files[%d] writes %s already: each needs a file of its own", writes[track.Path], track.Path))
		}
		writes[track.Path] = len(n.TrackFiles)
	})
	root.end()
}
