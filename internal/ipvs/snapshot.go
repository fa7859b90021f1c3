package ipvs

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// Snapshot reads all services and their destinations, sorted by key. An empty table is no error.
func (c *Client) Snapshot(ctx context.Context) (Table, error) {
	var t Table
	err := c.session(ctx, "read the table", func(s *session) (err error) {
		t, err = s.snapshot()
		return err
	})
	return t, err
}

func (s *session) snapshot() (Table, error) {
	entries, duplicates, err := list(s, request{command: cmdGetService, what: "list services"}, nil, compareEntries,
		func(attrs []byte, e *TableEntry) error {
			b, err := within(attrs, attrService)
			if err != nil {
				return err
			}
			return decodeService(b, &e.Service)
		})
	if err != nil {
		return Table{}, err
	}
	t := Table{Entries: entries, Duplicates: duplicates}

	// The destinations of all services share one array: an allocation for the table, not one for each
	// service. Its parts are handed out at the end, as it moves when it grows.
	all := make([]Destination, 0, s.last+s.last/8)
	ends := make([]int, len(entries))
	var key builder
	var family Family
	decode := func(attrs []byte, d *Destination) error {
		b, err := within(attrs, attrDest)
		if err != nil {
			return err
		}
		return decodeDestination(b, family, d)
	}
	for i := range entries {
		e := &entries[i]
		family = e.Service.Family
		key.b = key.b[:0]
		if err := key.key(e.Service.ServiceKey); err != nil {
			return Table{}, err
		}
		start := len(all)
		r := request{command: cmdGetDest, attrs: key.b, what: "list destinations of", subject: &e.Service}
		if all, duplicates, err = list(s, r, all, compareDestinations, decode); err != nil {
			return Table{}, err
		}
		if len(all) == start {
			if e.Gone, err = s.gone(r); err != nil {
				return Table{}, err
			}
		}
		t.Duplicates += duplicates
		ends[i] = len(all)
	}
	start := 0
	for i, end := range ends {
		entries[i].Destinations = all[start:end:end]
		start = end
	}
	s.last = len(all)
	return t, nil
}

// list appends what the kernel lists, sorted and each once, and says how many it dropped because the kernel listed them twice.
//
// The kernel continues a list that needs several datagrams by position. What is added meanwhile shifts entries
// into view again, what is deleted shifts entries out of view, and it says nothing of either
// (ip_vs_genl_dump_dests). So such a list is read a second time, for what the first time has missed.
func list[T any](s *session, r request, to []T, compare func(a, b T) int, decode func([]byte, *T) error) ([]T, int, error) {
	r.flags |= flagDump
	start, dropped := len(to), 0
	for pass := range 2 {
		if err := s.execute(r, func(attrs []byte) error {
			var zero T
			to = append(to, zero)
			return decode(attrs, &to[len(to)-1])
		}); err != nil {
			return nil, 0, err
		}
		part, n := unique(to[start:], compare)
		to = to[:start+len(part)]
		if pass == 0 {
			dropped = n
		}
		if s.datagrams <= 1 {
			break
		}
	}
	return to, dropped, nil
}

// gone asks for the service itself, after the list of its destinations was empty: to the kernel a deleted
// service has an empty list like any other (ip_vs_genl_dump_dests).
func (s *session) gone(list request) (bool, error) {
	r := request{command: cmdGetService, attrs: list.attrs, what: "look for", subject: list.subject}
	err := s.execute(r, func([]byte) error { return nil })
	if errors.Is(err, ErrMissing) {
		return true, nil
	}
	return false, err
}

// unique sorts a list, drops all but the first of those that compare equal and says how many it dropped.
func unique[T any](list []T, compare func(a, b T) int) ([]T, int) {
	n := len(list)
	slices.SortStableFunc(list, compare)
	list = slices.CompactFunc(list, func(a, b T) bool { return compare(a, b) == 0 })
	return list, n - len(list)
}

func compareEntries(a, b TableEntry) int { return a.Service.compare(b.Service.ServiceKey) }

func compareDestinations(a, b Destination) int { return a.compare(b.DestinationKey) }

func (k ServiceKey) compare(o ServiceKey) int {
	return cmp.Or(
		cmp.Compare(k.FWMark, o.FWMark), // services at an address come first, their mark is 0
		cmp.Compare(k.Family, o.Family),
		k.Addr.Compare(o.Addr),
		cmp.Compare(k.Port, o.Port),
		cmp.Compare(k.Protocol, o.Protocol),
	)
}

func (k DestinationKey) compare(o DestinationKey) int {
	return cmp.Or(k.Addr.Compare(o.Addr), cmp.Compare(k.Port, o.Port))
}
