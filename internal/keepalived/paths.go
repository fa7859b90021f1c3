package keepalived

import (
	"cmp"
	"path"
	"strings"
)

// IPVSNamespace is the network namespace, by its name, whose table keepalived programs; empty for that in which it was started.
// net_namespace_ipvs has the last word, also without a name.
func (g Global) IPVSNamespace() string {
	if g.NetNamespaceIPVS.IsSet() {
		return g.NetNamespaceIPVS.V
	}
	return g.NetNamespace.V
}

// PIDFile is where keepalived's parent writes its process ID, and CheckersPIDFile where its checker process does, unless its command line
// says otherwise (main.c and make_pidfile_name in pidfile.c, with Debian's directories).
func (g Global) PIDFile() string { return g.pidFile("keepalived") }

// CheckersPIDFile is described at [Global.PIDFile].
func (g Global) CheckersPIDFile() string { return g.pidFile("checkers") }

func (g Global) pidFile(name string) string {
	if g.Instance.V != "" {
		name += "_" + g.Instance.V
	}
	if g.UsePIDDir.V || g.Instance.V != "" || g.NetNamespace.V != "" {
		name = "keepalived/" + name
	}
	return "/run/" + name + ".pid"
}

// StateDump is the file to which the checker process writes what it believes, as keepalived sees it. It follows
// open_dump_file in keepalived's core/global_data.c, but for $TMPDIR of keepalived's environment, which is not known.
func (g Global) StateDump() string {
	dir, name := path.Split(g.StateDumpFile.V)
	if !path.IsAbs(dir) {
		dir = "/tmp"
	}
	name = cmp.Or(name, "keepalived.data")
	stem, end := name, ""
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		stem, end = name[:dot], name[dot:]
	}
	stem += "_check"
	if g.DataUseInstance.V {
		var who []string
		for _, s := range []string{g.NetNamespace.V, g.Instance.V} {
			if s != "" {
				who = append(who, s)
			}
		}
		if len(who) > 0 {
			stem += "." + strings.Join(who, "_")
		}
	}
	return path.Join(dir, stem+end)
}
