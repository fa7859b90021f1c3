package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/act"
	"github.com/lvsdns/lvsdns/notify/hook"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// worker is made of the settings.
func worker(paths hook.Paths, settings *config.Notify, log *slog.Logger) *act.Worker {
	w := &act.Worker{
		Journal: &journal.Journal{StateDir: paths.StateDir, RunDir: paths.RunDir, Boot: journal.BootID()},
		Conf:    paths.Conf, Held: hook.Addresses, Log: log,
	}
	instruct(w, settings, clients(paths, settings))
	return w
}

// instruct tells a worker what the settings want of it.
func instruct(w *act.Worker, settings *config.Notify, c *kernel) {
	w.Rules, w.Configure, w.Agree = rules(settings, c), c.truth.Configure, nil
	if all := agreements(settings, c); len(all) > 0 {
		w.Agree = func(ctx context.Context, d *notify.Document) []notify.Agreement {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			var out []notify.Agreement
			for _, a := range all {
				out = append(out, a.Look(ctx, d, time.Now()))
			}
			return out
		}
	}
}

func rules(settings *config.Notify, c *kernel) []act.Rule {
	var all []act.Rule
	for _, r := range settings.Rules {
		rule := act.Rule{Instances: r.Instances, Groups: r.Groups}
		for _, s := range r.States {
			rule.States = append(rule.States, notify.State(s))
		}
		for _, a := range r.Actions {
			timeout := a.Timeout
			if timeout == 0 {
				timeout = settings.Timeout
			}
			action, steady := actionOf(a, c)
			rule.Steps = append(rule.Steps, act.Step{Name: a.Name, Action: action, Timeout: timeout, After: a.After, Steady: steady})
		}
		all = append(all, rule)
	}
	return all
}

// actionOf makes an action of its settings, and says whether it brings something into a state.
func actionOf(a config.NotifyAction, c *kernel) (action act.Action, steady bool) {
	switch {
	case a.Sysctl != nil:
		return act.Sysctl{Key: a.Sysctl.Key, Value: a.Sysctl.Value, Assert: a.Sysctl.Assert}, true
	case a.HAProxy != nil:
		return act.HAProxy{Socket: a.HAProxy.Socket, Servers: a.HAProxy.Servers, Frontends: a.HAProxy.Frontends, To: a.HAProxy.To}, true
	case a.IPVSSync != nil:
		roles := map[string][]act.SyncRole{"master": {act.Sends}, "backup": {act.Receives}, "both": {act.Sends, act.Receives}}
		return act.Sync{Daemons: c.daemons, Roles: roles[a.IPVSSync.Role], Interface: a.IPVSSync.Interface, ID: uint32(a.IPVSSync.ID)}, true
	case a.Conntrack != nil:
		return act.Conntrack{Flows: c.flows, Port: uint16(a.Conntrack.Port)}, false
	case a.Conntrackd != nil:
		return act.Conntrackd{Role: a.Conntrackd.Role, Program: a.Conntrackd.Program, ConfigFile: a.Conntrackd.ConfigFile}, false
	case a.Announce != nil:
		return act.Announce{Delay: a.Announce.Delay, Interval: a.Announce.Interval, Count: a.Announce.Count, Held: hook.Addresses}, false
	case a.Unit != nil:
		return act.Unit{Name: a.Unit.Unit, Verb: a.Unit.Do, Wait: a.Unit.Wait}, false
	case a.Command != nil:
		return act.Command{Run: a.Command.Run, Environment: a.Command.Environment, User: a.Command.User}, false
	default:
		host, err := os.Hostname()
		if err != nil {
			host = "unknown"
		}
		w := a.Webhook
		return act.Webhook{URL: w.URL, Attempts: w.Attempts, Headers: w.Headers, Host: host, Client: act.NewClient(), Now: time.Now}, false
	}
}

func agreements(settings *config.Notify, c *kernel) []act.Agreement {
	var all []act.Agreement
	for _, a := range settings.Agreements {
		out := act.Agreement{Subject: notify.Subject{Kind: notify.Instance, Name: a.Instance}, Socket: a.Socket, Frontends: a.Frontends, Servers: a.Servers}
		if a.Group != "" {
			out.Subject = notify.Subject{Kind: notify.Group, Name: a.Group}
		}
		if a.IPVS {
			out.Table = c.table
		}
		if a.IPVSSync {
			out.Daemons = c.daemons
		}
		all = append(all, out)
	}
	return all
}

func trackFiles(settings *config.Notify) []act.TrackFile {
	var all []act.TrackFile
	for _, f := range settings.TrackFiles {
		all = append(all, act.TrackFile{Path: f.Path, Addr: f.VIP, Port: uint16(f.Port), Proto: f.Protocol, OnExit: f.OnExit})
	}
	return all
}

// unknown lists the instances and groups of rules that keepalived.conf does not have: a rule for them never applies.
func unknown(settings *config.Notify, paths hook.Paths) []string {
	conf, err := source(paths, settings).Configure(paths.Conf)
	if err != nil {
		return []string{"names are not compared: " + err.Error()}
	}
	var lines []string
	for i, r := range settings.Rules {
		for _, name := range r.Instances {
			if !slices.ContainsFunc(conf.Instances, func(o notify.Owner) bool { return o.Name == name }) {
				lines = append(lines, fmt.Sprintf("rules[%d]: %s has no vrrp_instance %s", i+1, paths.Conf, name))
			}
		}
		for _, name := range r.Groups {
			if !slices.ContainsFunc(conf.Groups, func(g notify.Grouping) bool { return g.Name == name }) {
				lines = append(lines, fmt.Sprintf("rules[%d]: %s has no vrrp_sync_group %s", i+1, paths.Conf, name))
			}
		}
	}
	return lines
}

// beats says whether somebody is still at work.
type beats struct{ last atomic.Int64 }

func (b *beats) beat() { b.last.Store(time.Now().UnixNano()) }

func (b *beats) fresh() bool { return time.Since(time.Unix(0, b.last.Load())) < 10*time.Second }
