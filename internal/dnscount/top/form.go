package top

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
)

func drawKey() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // It never fails (Go 1.24).
	return key
}

// zoneText is what may be said of a zone.
func (t *Table) zoneText(zone []byte) string {
	if t.options.ZoneForm == Plain {
		return text(zone)
	}
	return t.masked("zone", zone)
}

// clientText is what may be said of a network.
func (t *Table) clientText(a [2]uint64) string {
	if t.options.ClientForm == Plain {
		return prefix(a).String()
	}
	return t.masked("client", binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, a[0]), a[1]))
}

// masked is a hash that nobody can undo by trying all names or all networks, as the key stays here.
func (t *Table) masked(kind string, b []byte) string {
	h := hmac.New(sha256.New, t.options.Key)
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func prefix(a [2]uint64) netip.Prefix {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a[0])
	binary.BigEndian.PutUint64(b[8:], a[1])
	if is4(a) {
		return netip.PrefixFrom(netip.AddrFrom16(b).Unmap(), bits4)
	}
	return netip.PrefixFrom(netip.AddrFrom16(b), bits6)
}
