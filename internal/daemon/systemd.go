package daemon

import (
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// Ready tells systemd that the service does its work (sd_notify(3)).
func (d *Daemon) Ready() { d.tell(systemd.SdNotifyReady) }

// Stopping tells systemd that the service is about to end.
func (d *Daemon) Stopping() { d.tell(systemd.SdNotifyStopping) }

// Alive is a sign of life for systemd's watchdog. It may come as often as the service likes: systemd hears of it three times in the
// interval for which it waits.
func (d *Daemon) Alive() {
	if d.due(time.Now()) {
		d.tell(systemd.SdNotifyWatchdog)
	}
}

func (d *Daemon) due(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.watchdog == 0 || now.Sub(d.fed) < d.watchdog/3 {
		return false
	}
	d.fed = now
	return true
}

// interval is how long systemd waits for a sign of life of this process.
func (d *Daemon) interval() time.Duration {
	i, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		d.Log.Warn("systemd's watchdog gets no sign of life", "error", err)
	}
	return i
}

func (d *Daemon) tell(word string) {
	if _, err := systemd.SdNotify(false, word); err != nil {
		d.Log.Warn("systemd does not listen", "error", err)
	}
}
