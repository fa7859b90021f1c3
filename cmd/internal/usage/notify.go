// Package usage is the help of programs that have much of it.
package usage

import (
	"github.com/lvsdns/lvsdns/internal/config"
	"github.com/lvsdns/lvsdns/notify/hook"
	"github.com/lvsdns/lvsdns/notify/journal"
)

// Notify is the help of lvsdns-notify.
const Notify = `usage: lvsdns-notify [paths] master|backup|fault|stop|deleted [NAME]   for notify_master and its kin
       lvsdns-notify [paths] INSTANCE|GROUP NAME STATE PRIORITY        as keepalived appends them to notify
       lvsdns-notify [paths] fifo --vrrp PATH [--lvs PATH]             read keepalived's FIFOs, for ever
       lvsdns-notify [paths] stopped                                   for systemd: keepalived has ended, and may not have said so
       lvsdns-notify [paths] show [--output text|json]                 what happened, and what was done about it
       lvsdns-notify [paths] check-config                              is the settings file right?

Notes each change of state, looks which addresses this host really holds, and does what the settings say.
SIGHUP makes "fifo" read the settings anew; settings with a mistake change nothing.
Exit status: 0 done, 1 something went wrong, 2 the command line or the settings file is wrong.

paths, which stand before the first word, and with fifo, stopped, show and check-config behind it, too:
  --config FILE             settings (default ` + config.NotifyFile + `, which need not exist)
  --keepalived-config FILE  keepalived's configuration (default ` + hook.KeepalivedConf + `)
  --state-dir DIR           where the journal is (default ` + journal.StateDir + `)
  --run-dir DIR             where locks are (default ` + journal.RunDir + `)

with fifo:
  --vrrp PATH               the FIFO that keepalived.conf has as vrrp_notify_fifo
  --lvs PATH                the one that it has as lvs_notify_fifo (default none)
  --log.level LEVEL         debug, info, warn or error (default what the settings say, else info)
  --log.format FORMAT       logfmt or json (default what the settings say, else logfmt)

with show:
  --output FORMAT           text or json (default text)
`
