package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/lvsdns/lvsdns/internal/drift"
	"github.com/lvsdns/lvsdns/internal/host"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
)

// find compares. What keepalived is asked for takes a while, and the kernel may change meanwhile: what rests on
// it must have been so before and after.
func find(ctx context.Context, o driftOptions, stderr io.Writer) (drift.Input, []drift.Difference, error) {
	in, err := gather(ctx, o, stderr)
	if err != nil {
		return in, nil, err
	}
	if in.Belief == nil || !o.signal {
		return in, drift.Compare(in), nil
	}
	before := in
	if in.Kernel, _, err = table(ctx, o, in.Config, io.Discard); err != nil {
		return in, nil, err
	}
	blind := in
	blind.Belief = nil
	return in, drift.Sure(drift.Compare(in), drift.Compare(before), drift.Compare(blind)), nil
}

// gather reads everything that is compared, the kernel before keepalived is asked. What is missing without being an
// error is said on stderr.
func gather(ctx context.Context, o driftOptions, stderr io.Writer) (in drift.Input, err error) {
	if in.Config, err = configuration(o, stderr); err != nil {
		return in, err
	}
	if in.Kernel, in.Limited, err = table(ctx, o, in.Config, stderr); err != nil {
		return in, err
	}
	if in.Belief, in.Absent, err = belief(ctx, o, in.Config, stderr); err != nil {
		return in, err
	}
	// Those of another network namespace can be read only in it.
	if namespace(o, in.Config) == "" {
		if in.Estimator.Sysctls, in.Flows, err = sysctls(o.root); err != nil {
			return in, err
		}
	}
	global := in.Config.Global
	reader := host.ScriptReader{Root: o.root, DefaultUser: global.ScriptUser.V, DefaultGroup: global.ScriptGroup.V, Secure: global.ScriptSecurity.V}
	in.Scripts = map[host.ScriptID]host.Script{}
	for _, id := range drift.ScriptsOf(in.Config) {
		found := reader.Look(id)
		if found.State == host.ScriptUnknown {
			fmt.Fprintf(stderr, "lvsdns drift: script %s is not judged: %s\n", id.Path, found.Reason)
		}
		in.Scripts[id] = found
	}
	return in, nil
}

// configuration reads keepalived.conf as the keepalived of this host does: by the rules of its version, with the lines of its id.
func configuration(o driftOptions, stderr io.Writer) (*keepalived.Config, error) {
	options := keepalived.Options{ConfigID: o.configID, Version: o.version}
	if o.root != "" {
		options.FS = os.DirFS(o.root)
	} else {
		options.Dir, _ = os.Getwd() // Without one relative names begin at /.
	}
	if options.ConfigID == "" {
		var err error
		if options.ConfigID, err = host.KeepalivedID(); err != nil {
			return nil, fmt.Errorf("%w, which is keepalived's configuration id; --config-id sets it", err)
		}
	}
	var unknown error
	if options.Version == "" {
		options.Version, unknown = host.KeepalivedVersion(o.root, o.pidFile)
	}
	cfg, err := keepalived.Load(o.config, options)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w; --keepalived-config says where it is", err)
	}
	if err == nil && unknown != nil {
		fmt.Fprintf(stderr, "lvsdns drift: %v: the configuration is read by the rules of the newest; --keepalived-version sets it\n", unknown)
	}
	return cfg, err
}

// table reads the kernel, over netlink if it may.
func table(ctx context.Context, o driftOptions, cfg *keepalived.Config, stderr io.Writer) (t ipvs.Table, limited bool, err error) {
	proc := filepath.Join("/", o.root, "proc")
	if o.root != "" {
		t, _, err = ipvs.Proc(proc).Table()
		return t, true, absentIsEmpty(err, stderr)
	}
	ns, err := openNetNS(o, cfg)
	if err != nil {
		return t, false, err
	}
	config := ipvs.Config{Proc: proc}
	if ns != nil {
		defer ns.Close()
		config.NetNS = int(ns.Fd())
	}
	client := ipvs.New(config)
	defer client.Close()
	t, err = client.Snapshot(ctx)
	if errors.Is(err, ipvs.ErrPermission) && ns == nil {
		fmt.Fprintf(stderr, "lvsdns drift: %v: reading /proc/net/ip_vs, which lacks thresholds, tunnels and the time of persistence\n", ipvs.ErrPermission)
		t, _, err = ipvs.Proc(proc).Table()
		limited = true
	}
	return t, limited, absentIsEmpty(err, stderr)
}

// absentIsEmpty: a kernel without IPVS has an empty table, which differs from the configuration.
func absentIsEmpty(err error, stderr io.Writer) error {
	if errors.Is(err, ipvs.ErrAbsent) {
		fmt.Fprintf(stderr, "lvsdns drift: %v: taken for an empty table\n", ipvs.ErrAbsent)
		return nil
	}
	return err
}

// namespace is the network namespace that keepalived programs, by its name; empty for that of this process.
func namespace(o driftOptions, cfg *keepalived.Config) string {
	return cmp.Or(o.netns, cfg.Global.IPVSNamespace())
}

func openNetNS(o driftOptions, cfg *keepalived.Config) (*os.File, error) {
	name := namespace(o, cfg)
	if name == "" {
		return nil, nil
	}
	// ip-netns(8): namespaces by name are mounted here.
	f, err := os.Open(filepath.Join("/run/netns", name))
	if err != nil {
		return nil, fmt.Errorf("open the network namespace of keepalived's virtual servers: %w", err)
	}
	return f, nil
}
