package ipvs

import (
	"net/netip"
	"slices"
	"syscall"
	"testing"
)

// memory answers as a kernel would that holds this table. It reads requests with the decoders under test.
func memory(table []TableEntry) func(question) ([][]byte, error) {
	return func(q question) ([][]byte, error) {
		var key ServiceKey
		if b, err := within(q.attrs, attrService); err == nil {
			var s Service
			if err := decodeService(b, &s); err != nil {
				return nil, syscall.EINVAL
			}
			key = s.ServiceKey
		}
		var answers [][]byte
		for _, e := range table {
			match := e.Service.ServiceKey == key
			switch {
			case q.command == cmdGetService && (q.dump || match):
				answers = append(answers, built(func(b *builder) error { return b.service(e.Service) }))
			case q.command == cmdGetDest && match:
				for _, d := range e.Destinations {
					answers = append(answers, built(func(b *builder) error { return b.destination(d) }))
				}
			}
		}
		if !q.dump && answers == nil {
			return nil, syscall.ESRCH
		}
		return answers, nil
	}
}

// built is the attributes that encode writes.
func built(encode func(*builder) error) []byte {
	var b builder
	if err := encode(&b); err != nil {
		panic(err)
	}
	return b.b
}

func dns(addr string) ServiceKey { return At(UDP, netip.AddrPortFrom(netip.MustParseAddr(addr), 53)) }

func rs(addr string) Destination {
	return Destination{DestinationKey: To(netip.AddrPortFrom(netip.MustParseAddr(addr), 53)), Forward: DR, Weight: 1}
}

func TestSnapshot(t *testing.T) {
	want := randomTable(4, 50, 500)
	c := (&kernel{answer: memory(want)}).newClient(t)
	for range 2 { // the second time into a list of known size
		got, err := c.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Entries) != len(want) || got.Duplicates != 0 {
			t.Fatalf("%d services and %d duplicates, want %d and 0", len(got.Entries), got.Duplicates, len(want))
		}
		for i, e := range got.Entries {
			if e.Service != want[i].Service || !slices.Equal(e.Destinations, want[i].Destinations) || e.Gone {
				t.Fatalf("got  %#v\nwant %#v", e, want[i])
			}
		}
	}
}

// TestSecondLook: a list of several datagrams that loses entries while they are read.
func TestSecondLook(t *testing.T) {
	var want TableEntry
	want.Service.ServiceKey = dns("192.0.2.1")
	for _, addr := range []string{"192.0.2.21", "192.0.2.22", "192.0.2.23", "192.0.2.24", "192.0.2.25"} {
		want.Destinations = append(want.Destinations, rs(addr))
	}
	missing := want
	missing.Destinations = slices.Delete(slices.Clone(want.Destinations), 2, 3)
	lists := 0
	c := (&kernel{answer: func(q question) ([][]byte, error) {
		if q.command == cmdGetDest {
			if lists++; lists == 1 {
				return memory([]TableEntry{missing})(q)
			}
		}
		return memory([]TableEntry{want})(q)
	}}).newClient(t)
	got, err := c.Snapshot(t.Context())
	if err != nil || len(got.Entries) != 1 || !slices.Equal(got.Entries[0].Destinations, want.Destinations) || got.Duplicates != 0 {
		t.Errorf("got %#v, %v", got, err)
	}
}

func TestSnapshotOfWhatChanges(t *testing.T) {
	a, b := Service{ServiceKey: dns("192.0.2.1")}, Service{ServiceKey: dns("192.0.2.2")}
	one, two := rs("192.0.2.21"), rs("192.0.2.22")
	for _, test := range []struct {
		name       string
		services   []Service
		table      []TableEntry // what is there when destinations are asked for
		want       []TableEntry
		duplicates int
	}{
		{"nothing", nil, nil, nil, 0},
		{"a service without destinations", []Service{a}, []TableEntry{{Service: a}}, []TableEntry{{Service: a}}, 0},
		{
			"a service that goes", []Service{a, b}, []TableEntry{{Service: b, Destinations: []Destination{one}}},
			[]TableEntry{{Service: a, Gone: true}, {Service: b, Destinations: []Destination{one}}}, 0,
		},
		{
			"a service listed twice", []Service{b, a, b}, []TableEntry{{Service: a}, {Service: b}},
			[]TableEntry{{Service: a}, {Service: b}}, 1,
		},
		{
			"destinations listed twice", []Service{a},
			[]TableEntry{{Service: a, Destinations: []Destination{two, one, two, one, one}}},
			[]TableEntry{{Service: a, Destinations: []Destination{one, two}}}, 3,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			later := memory(test.table)
			c := (&kernel{answer: func(q question) ([][]byte, error) {
				if q.command == cmdGetService && q.dump {
					var all [][]byte
					for _, s := range test.services {
						all = append(all, built(func(b *builder) error { return b.service(s) }))
					}
					return all, nil
				}
				return later(q)
			}}).newClient(t)
			got, err := c.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got.Duplicates != test.duplicates {
				t.Errorf("%d duplicates, want %d", got.Duplicates, test.duplicates)
			}
			same := slices.EqualFunc(got.Entries, test.want, func(a, b TableEntry) bool {
				return a.Service == b.Service && slices.Equal(a.Destinations, b.Destinations) && a.Gone == b.Gone
			})
			if !same {
				t.Errorf("got  %#v\nwant %#v", got.Entries, test.want)
			}
		})
	}
}
