package keepalived

import (
	"net/netip"
	"time"
)

// Global is what global_defs says about virtual servers and scripts. The
// statements about anything else are in Other.
type Global struct {
	UsePIDDir        Value[bool]   // use_pid_dir: pidfiles are in a directory of keepalived's own
	Instance         Value[string] // instance: names this keepalived among several
	NetNamespace     Value[string] // of the whole keepalived
	NetNamespaceIPVS Value[string] // of the virtual servers alone

	Timeouts    Value[Timeouts]
	Flush       Value[bool]        // lvs_flush: empty the table at start
	FlushOnStop Value[FlushOnStop] // lvs_flush_on_stop
	SyncDaemon  Value[SyncDaemon]
	NFTables    Value[NFTables] // nftables_ipvs: groups become firewall marks
	NFTStart    Value[uint32]   // nftables_ipvs_start_fwmark: the first mark that is given out

	ScriptUser       Value[string]
	ScriptGroup      Value[string]
	ScriptSecurity   Value[bool] // enable_script_security
	LogAllFailures   Value[bool] // checker_log_all_failures
	RSInitNotifies   Value[bool]
	SMTPAlert        Value[bool]
	SMTPAlertChecker Value[bool]
	ReloadCheck      Value[bool] // reload_check_config: a bad file is refused on reload
	ReloadCheckLog   Value[string]
	ReloadFile       Value[string]
	StateDumpFile    Value[string] // state_dump_file: see StateDump
	DataUseInstance  Value[bool]   // data_use_instance: namespace and instance are part of the dump's name

	NotifyFIFO Value[FIFO]
	LVSFIFO    Value[FIFO]
	VRRPFIFO   Value[FIFO]
	Startup    Script // startup_script
	Shutdown   Script // shutdown_script

	Other []Statement
}

// Timeouts are lvs_timeouts; 0 leaves the kernel's value.
type Timeouts struct {
	TCP, TCPFin, UDP time.Duration
}

// FlushOnStop is what keepalived deletes when it ends.
type FlushOnStop string

// The ways to leave the table. The zero value deletes what keepalived made, real server by real server.
const (
	FlushAll      FlushOnStop = "all" // the whole table of the host, also what others made
	FlushServices FlushOnStop = "VS"  // the services, without their real servers first
)

// SyncDaemon is lvs_sync_daemon. Zero numbers are the kernel's defaults.
type SyncDaemon struct {
	Interface string
	Instance  string // the vrrp_instance that it follows; empty: master and backup both
	ID        uint8  // syncid: the VRID of the instance unless written
	HasID     bool
	MaxLen    uint16
	Port      uint16
	TTL       uint8
	Group     netip.Addr
}

// NFTables is nftables_ipvs.
type NFTables struct {
	Table    string
	Priority int
}

// FIFO is a notify FIFO and the script that is started to read it.
type FIFO struct {
	Path        string
	User, Group string
	Script      Script
}
