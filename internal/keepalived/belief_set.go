package keepalived

import (
	"strconv"
	"strings"
	"time"
)

func (v *BelievedVS) set(key, value string, indent int) (err error) {
	// What belongs to the sorry server stands further in.
	if v.Sorry != nil && indent > 3 {
		return v.Sorry.set(key, value)
	}
	switch key {
	case "Address family":
		v.Family = map[string]Family{"inet": IPv4, "inet6": IPv6}[value]
	case "lvs_sched":
		v.Scheduler = value
	case "protocol":
		switch proto := Protocol(strings.ToLower(value)); proto {
		case TCP, UDP, SCTP:
			if v.Protocol = proto; v.Name.Addr.IsValid() {
				v.Name.Protocol = proto
			}
		}
	case "persistence timeout":
		v.Timeout, err = parseUint32(value)
	case "quorum":
		quorum, hysteresis, _ := strings.Cut(value, ", hysteresis = ")
		if v.Quorum, err = parseUint32(quorum); err == nil {
			v.Hysteresis, err = parseUint32(hysteresis)
		}
	case "alive", "VS alive":
		v.Alive, err = parseFlag(value)
	case "quorum_state_up":
		v.QuorumUp, err = parseFlag(value)
	case "sorry server", "sorry server (duplicates rs)":
		v.Sorry = &BelievedRS{InitialWeight: 1, Weight: 1, EffectiveWeight: 1}
		v.Sorry.Name, err = parseRSName(value)
	}
	return err
}

func (r *BelievedRS) set(key, value string) (err error) {
	switch key {
	case "forwarding method":
		method, _, _ := strings.Cut(value, ",")
		r.Method = Method(method)
	case "Alpha":
		r.Alpha, err = parseFlag(value)
	case "Inhibit on failure":
		r.Inhibit, err = parseFlag(value)
	case "connection limit range":
		least, most, _ := strings.Cut(value, " -> ")
		if r.LThreshold, err = parseUint32(least); err == nil {
			r.UThreshold, err = parseUint32(most)
		}
	case "initial weight":
		r.InitialWeight, err = strconv.Atoi(value)
	case "effective weight":
		r.EffectiveWeight, err = strconv.ParseInt(value, 10, 64)
	case "alive":
		r.Alive, err = parseFlag(value)
	case "RS set", "set":
		r.Set, err = parseFlag(value)
	case "num failed checkers":
		r.FailedCheckers, err = strconv.Atoi(value)
	}
	return err
}

func (c *BelievedChecker) set(key, value string) (err error) {
	switch key {
	case "Enabled":
		c.Enabled, err = parseFlag(value)
	case "Up":
		c.Up, err = parseFlag(value)
	case "Has run":
		c.HasRun, err = parseFlag(value)
	case "Alpha":
		c.Alpha, err = parseFlag(value)
	case "Current weight":
		c.Weight, err = strconv.Atoi(value)
	case "Delay loop":
		c.DelayLoop, err = parseMicroseconds(value)
	case "Warmup":
		c.Warmup, err = parseMicroseconds(value)
	case "Delay before retry":
		c.DelayBeforeRetry, err = parseMicroseconds(value)
	case "Retries":
		c.Retries, err = parseUint32(value)
	case "Retries iterations":
		c.Failures, err = parseUint32(value)
	case "Keepalive method":
		kind, _, _ := strings.Cut(value, ",")
		c.Kind = CheckerKind(kind)
	case "Dest":
		c.Dest, err = parsePair(value)
	case "Timeout", "timeout":
		c.Timeout, err = time.ParseDuration(value + "s")
	case "Last errno":
		c.LastErrno, err = strconv.Atoi(value)
	case "script":
		c.Script = value
	case "dynamic":
		c.Dynamic, err = parseFlag(value)
	case "Last status":
		c.LastStatus, err = strconv.Atoi(value)
	case "Last ran":
		c.LastRan, err = parseTime(value)
	}
	return err
}
