package ipvs

// The numbers of generic netlink family "IPVS", from include/uapi/linux/ip_vs.h. All numbers on the wire are
// in the host's byte order, except ports of services, destinations and tunnels, IPv4 netmasks and addresses.

const familyName = "IPVS"

// Commands.
const (
	cmdNewService = 1 + iota
	cmdSetService
	cmdDelService
	cmdGetService
	cmdNewDest
	cmdSetDest
	cmdDelDest
	cmdGetDest
	cmdNewDaemon
	cmdDelDaemon
	cmdGetDaemon
	cmdSetConfig
	cmdGetConfig
	_ // SET_INFO, the kernel's own name for the answer to GET_INFO
	cmdGetInfo
	cmdZero
)

// Attributes of every command but GET_INFO.
const (
	attrService = 1 + iota
	attrDest
	attrDaemon
	attrTimeoutTCP
	attrTimeoutTCPFin
	attrTimeoutUDP
)

// Attributes of the answer to GET_INFO.
const (
	infoVersion = 1 + iota
	infoConnTabSize
)

// Attributes within attrService.
const (
	svcFamily = 1 + iota
	svcProtocol
	svcAddr
	svcPort
	svcFWMark
	svcScheduler
	svcFlags
	svcTimeout
	svcNetmask
	svcStats
	svcPEName
	svcStats64
)

// Attributes within attrDest.
const (
	destAddr = 1 + iota
	destPort
	destForward
	destWeight
	destUpper
	destLower
	destActive
	destInactive
	destPersistent
	destStats
	destFamily // Linux 3.18
	destStats64
	destTunType // Linux 5.3, as the other two
	destTunPort
	destTunFlags
)

// Attributes within svcStats and destStats, and within their 64-bit twins (Linux 4.1).
const (
	statConns = 1 + iota
	statInPackets
	statOutPackets
	statInBytes
	statOutBytes
	statConnRate
	statInPacketRate
	statOutPacketRate
	statInByteRate
	statOutByteRate
)

// Attributes within attrDaemon.
const (
	daemonRole = 1 + iota
	daemonInterface
	daemonSyncID
	daemonMaxLength // Linux 4.3, as those that follow
	daemonGroup
	daemonGroup6
	daemonPort
	daemonTTL
)
