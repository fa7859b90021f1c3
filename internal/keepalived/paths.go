package keepalived

import (
	"cmp"
	"path"
	"strings"
)

// IPVSNamespace is the network namespace whose table keepalived programs, as the file that stands for it; empty for that in which it was
// started. net_namespace_ipvs has the last word; without a name it is that of process 1 (open_ipvs_namespace in keepalived's namespaces.c).
func (g Global) IPVSNamespace() string {
	switch {
	case g.NetNamespaceIPVS.V != "":
		return NamespaceFile(g.NetNamespaceIPVS.V)
	case g.NetNamespaceIPVS.IsSet():
		return "/proc/1/ns/net"
	case g.NetNamespace.V != "":
		return NamespaceFile(g.NetNamespace.V)
	default:
		return ""
	}
}

// NamespaceFile is where the network namespace of a name is mounted (ip-netns(8)).
func NamespaceFile(name string) string { return path.Join("/run/netns", name) }

// PIDFile is where keepalived's parent writes its process ID, and CheckersPIDFile where its checker process does, unless its command line
// says otherwise (main.c and make_pidfile_name in pidfile.c, with Debian's directories). With net_namespace keepalived itself sees them in
// /run/keepalived, where it has mounted the directory of that name (set_run_mount in namespaces.c); this is where all others do.
func (g Global) PIDFile() string { return g.pidFile("keepalived") }

// CheckersPIDFile is described at [Global.PIDFile].
func (g Global) CheckersPIDFile() string { return g.pidFile("checkers") }

func (g Global) pidFile(name string) string {
	if g.Instance.V != "" {
		name += "_" + g.Instance.V
	}
	if g.UsePIDDir.V || g.Instance.V != "" || g.NetNamespace.V != "" {
		name = path.Join("keepalived", g.NetNamespace.V, name)
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
