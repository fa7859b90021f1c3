package fallback

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	"github.com/lvsdns/lvsdns/internal/fallback/plan"
	"github.com/lvsdns/lvsdns/internal/ipvs"
	"github.com/lvsdns/lvsdns/internal/keepalived"
	"github.com/lvsdns/lvsdns/internal/ownfile"
	"github.com/lvsdns/lvsdns/internal/stamp"
)

// saved is what is remembered of real servers: over a reload in memory, over a restart in a file.
type saved struct {
	Servers map[string]keepalived.Standing `json:"servers"` // by nameOf
	dry     string                         // what a dry run said last
}

func nameOf(v *keepalived.VirtualServer, r *keepalived.RealServer) string {
	return fmt.Sprintf("%s %s/%s", plan.Block{Virtual: v}.Name(), v.Protocol.V, netip.AddrPortFrom(r.Addr, r.Port))
}

// remember is what is known now.
func (r *run) remember() saved {
	s := saved{Servers: map[string]keepalived.Standing{}}
	state := r.machine.State()
	for i := range r.config.VirtualServers {
		v := &r.config.VirtualServers[i]
		for j := range v.RealServers {
			s.Servers[nameOf(v, &v.RealServers[j])] = state.Server(v, &v.RealServers[j])
		}
	}
	return s
}

// over is a state that knows what is remembered, and asks another for the rest.
func (s saved) over(other keepalived.State) keepalived.State {
	return keepalived.State{Sorry: other.Sorry, Server: func(v *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
		known, ok := s.Servers[nameOf(v, r)]
		if !ok {
			return other.Server(v, r)
		}
		if !plan.Dynamic(r) {
			known.Weight = r.Weight.V
		}
		return known
	}}
}

// where is the state at a start: the kernel's, but for virtual servers of which the kernel has nothing at all. Those were
// taken away as a whole, as keepalived's children do when their parent dies, so that what is remembered says more.
func (s saved) where(names plan.Names, table ipvs.Table, kernel keepalived.State) keepalived.State {
	there := map[*keepalived.VirtualServer]bool{}
	for i := range table.Entries {
		for _, n := range names[table.Entries[i].Service.ServiceKey] {
			there[n.Virtual] = true
		}
	}
	remembered := s.over(kernel)
	// One that is not there begins as with keepalived: quorum and hysteresis must both be reached.
	sorry := func(v *keepalived.VirtualServer) bool { return !there[v] || kernel.Sorry(v) }
	return keepalived.State{Sorry: sorry, Server: func(v *keepalived.VirtualServer, r *keepalived.RealServer) keepalived.Standing {
		if there[v] {
			return kernel.Server(v, r)
		}
		return remembered.Server(v, r)
	}}
}

// maxState is more than tens of thousands of real servers take.
const maxState = 64 << 20

// readState reads what an earlier process saved; without a file, or with one that cannot be read, nothing is known.
func readState(name string) saved {
	var s saved
	text, err := ownfile.Read(name, maxState)
	if err != nil || json.Unmarshal(text, &s) != nil {
		return saved{}
	}
	return s
}

// save replaces the file in one step.
func (r *run) save() {
	if r.StateFile == "" || r.DryRun {
		return
	}
	text, err := json.Marshal(r.remember())
	if err == nil {
		err = ownfile.Replace(r.StateFile, text, 0o600)
	}
	if err != nil {
		r.Log.Warn("the state is not saved", "error", err)
	}
}

// filesChanged reports whether a file of the configuration is another one than when it was read, and has been so for two looks: one that is
// being written may lack half of its virtual servers.
func (r *run) filesChanged() bool {
	last := r.seen
	r.seen = stamp.All(r.config.Files)
	return !slices.Equal(r.seen, r.files) && slices.Equal(r.seen, last)
}
