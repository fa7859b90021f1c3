package notify

import (
	"bytes"
	"time"

	"github.com/lvsdns/lvsdns/notify/internal/line"
	"github.com/lvsdns/lvsdns/notify/internal/words"
)

// EncodeEvent writes an event as one line.
func EncodeEvent(x Event) []byte {
	var e line.Encoder
	e.Word(string(x.Kind))
	e.Text(x.Name)
	e.Word(string(x.State))
	e.Int(int64(x.Priority))
	e.Word(string(x.Source))
	e.Int(int64(x.Born))
	e.Int(int64(x.PID))
	e.Time(x.At)
	e.Bool(x.Late)
	return bytes.TrimPrefix(e.B, []byte(" "))
}

// DecodeEvent reads what EncodeEvent has written.
func DecodeEvent(text string) (Event, error) {
	x, err := decodeEvent([]byte(text))
	if err != nil {
		return Event{}, words.Because(words.Quote(text, 80)+" is no event", err)
	}
	return x, nil
}

func decodeEvent(text []byte) (Event, error) {
	d := line.Decoder{Rest: text}
	x := Event{
		Subject: Subject{Kind(d.Word()), d.Text()}, State: State(d.Word()), Priority: int(d.Int()), Source: Source(d.Word()),
		Mark: Mark{time.Duration(d.Int()), int(d.Int())}, At: d.Time(), Late: d.Bool(),
	}
	return x, d.Err
}
