package checks

import (
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// users are those whose reports of checks are taken: root, the user of this program, those of the settings, and those as whom keepalived
// runs scripts. The reports of all others are counted, and not read.
type users struct {
	trusted atomic.Pointer[map[uint32]bool] // read for each datagram
	away    atomic.Uint64                   // reports that were turned away

	mu        sync.Mutex
	named     []uint32          // by the settings
	scripts   []uint32          // by keepalived.conf, as it last could be read
	strangers map[uint32]uint64 // who was turned away since somebody asked, and how often
}

// maxStrangers bounds who is told of in the log: a user may have 65,536 more of its own (subuid(5)).
const maxStrangers = 16

func newUsers(named []uint32) *users {
	u := &users{named: named, strangers: map[uint32]uint64{}}
	u.set()
	return u
}

// set puts the list together. The lock is held, or nobody else has it yet.
func (u *users) set() {
	all := map[uint32]bool{0: true, uint32(os.Getuid()): true}
	for _, user := range slices.Concat(u.named, u.scripts) {
		all[user] = true
	}
	u.trusted.Store(&all)
}

func (u *users) trusts(user uint32) bool { return (*u.trusted.Load())[user] }

func (u *users) name(all []uint32) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.named = all
	u.set()
}

func (u *users) runScripts(all []uint32) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.scripts = all
	u.set()
}

// turnAway notes that a report was not taken.
func (u *users) turnAway(user uint32) {
	u.away.Add(1)
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, known := u.strangers[user]; known || len(u.strangers) < maxStrangers {
		u.strangers[user]++
	}
}

// turnedAway is who was turned away since the last call.
func (u *users) turnedAway() map[uint32]uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.strangers
	u.strangers = map[uint32]uint64{}
	return all
}

func (u *users) learned() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.scripts != nil
}
