package nftcount

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Read reads the counters of the table, sorted by virtual server. It needs CAP_NET_ADMIN: the kernel wants it for
// reading too. No table is an error that is fs.ErrNotExist.
func Read(timeout time.Duration) ([]Counter, error) {
	conn, err := nftables.New(nftables.WithSockOptions(func(c *netlink.Conn) error { return c.SetDeadline(time.Now().Add(timeout)) }))
	if err != nil {
		return nil, fmt.Errorf("read nftables: %w", err)
	}
	// NFT_MSG_GETOBJ: the request that does not set counters back.
	objects, err := conn.GetObjects(&nftables.Table{Name: Table, Family: nftables.TableFamilyINet})
	if errors.Is(err, unix.EPERM) {
		return nil, fmt.Errorf("read nftables: this takes CAP_NET_ADMIN: %w", fs.ErrPermission)
	}
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return nil, fmt.Errorf("read nftables: counters of table inet %s: %w", Table, err)
	}
	var all []Counter
	for _, o := range objects {
		if c, ok := o.(*nftables.CounterObj); ok {
			if key, ok := ParseName(c.Name); ok {
				all = append(all, Counter{key, c.Packets, c.Bytes})
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf(
			"read nftables: there is no counter in a table inet %s; \"lvsdns nft | nft -f -\" makes them: %w", Table,
			fs.ErrNotExist,
		)
	}
	slices.SortFunc(all, func(a, b Counter) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Transport, b.Transport), cmp.Compare(a.Direction, b.Direction))
	})
	return all, nil
}
