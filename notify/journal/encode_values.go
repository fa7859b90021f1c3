package journal

import (
	"slices"
	"time"

	"github.com/lvsdns/lvsdns/notify"
	"github.com/lvsdns/lvsdns/notify/internal/line"
)

func encodeMark(e *line.Encoder, m notify.Mark) {
	e.Int(int64(m.Born))
	e.Int(int64(m.PID))
}

func decodeMark(d *line.Decoder) notify.Mark {
	return notify.Mark{Born: time.Duration(d.Int()), PID: int(d.Int())}
}

func subject(d *line.Decoder) notify.Subject {
	return notify.Subject{Kind: notify.Kind(d.Word()), Name: d.Text()}
}

func encodeCounts(e *line.Encoder, all map[notify.State]uint64) {
	e.Int(int64(len(all)))
	keys := make([]notify.State, 0, len(all))
	for s := range all {
		keys = append(keys, s)
	}
	slices.Sort(keys)
	for _, s := range keys {
		e.Word(string(s))
		e.Uint(all[s])
	}
}

func decodeCounts(d *line.Decoder) map[notify.State]uint64 {
	n := d.Int()
	if n == 0 || d.Err != nil {
		return nil
	}
	all := map[notify.State]uint64{}
	for range n {
		s := notify.State(d.Word())
		all[s] = d.Uint()
		if d.Err != nil {
			return nil
		}
	}
	return all
}

func encodeServer(e *line.Encoder, s notify.Server) {
	e.AddrPort(s.Virtual.Addr)
	e.Word(s.Virtual.Proto)
	e.Uint(uint64(s.Virtual.Mark))
	e.Text(s.Virtual.Group)
	e.Uint(uint64(s.Virtual.Port))
	e.AddrPort(s.Real)
}

func decodeServer(d *line.Decoder) notify.Server {
	return notify.Server{
		Virtual: notify.Virtual{Addr: d.AddrPort(), Proto: d.Word(), Mark: uint32(d.Uint()), Group: d.Text(), Port: uint16(d.Uint())},
		Real:    d.AddrPort(),
	}
}
