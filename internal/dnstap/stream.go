package dnstap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// The frame stream protocol (https://farsightsec.github.io/fstrm/): a frame is its length in four octets and so many more. A
// length of 0 says that a control frame follows, of the same form.
const (
	contentType = "protobuf:dnstap.Dnstap"

	controlAccept = 1
	controlStart  = 2
	controlStop   = 3
	controlReady  = 4
	controlFinish = 5

	fieldContentType = 1

	maxControl = 512 // as libfstrm has it
	// maxFrame holds a query and a response of 64 KiB each, which some name servers put into one frame, and what is around them.
	maxFrame = 144 << 10
	// usualFrame is how much of a stream is buffered: nearly every frame is far smaller.
	usualFrame = 16 << 10
)

var (
	errTooLarge = errors.New("a frame larger than any DNS message")
	errProtocol = errors.New("no frame stream of dnstap")
)

// stream reads frames.
type stream struct {
	to     io.Writer
	in     *bufio.Reader
	limit  func(time.Duration) // how long reading and writing may take from now on; 0: as long as they will
	large  []byte              // for a frame that the buffer does not hold
	twoWay bool                // the other end waits for answers to its control frames
}

func newStream(conn io.ReadWriter, limit func(time.Duration)) *stream {
	return &stream{to: conn, in: bufio.NewReaderSize(conn, usualFrame), limit: limit}
}

// patience is how long the other end may take to say what it has begun to say.
const patience = 5 * time.Second

// begin reads up to the first frame. A sender that expects answers begins with READY, another with START.
func (s *stream) begin() error {
	s.limit(patience)
	kind, err := s.opening()
	if err == nil && kind == controlReady {
		s.twoWay = true
		accept := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, fieldContentType), uint32(len(contentType)))
		if err = s.say(controlAccept, append(accept, contentType...)); err == nil {
			kind, err = s.opening()
		}
	}
	if err == nil && kind != controlStart {
		err = fmt.Errorf("%w: control frame %d where it should start", errProtocol, kind)
	}
	return err
}

// opening reads a control frame that must come next.
func (s *stream) opening() (kind uint32, err error) {
	escape, err := s.word()
	if err == nil && escape != 0 {
		err = fmt.Errorf("%w: it begins with %d", errProtocol, escape)
	}
	if err != nil {
		return 0, err
	}
	kind, content, err := s.control()
	if err == nil && !offers(content) {
		err = fmt.Errorf("%w: its content is not %s", errProtocol, contentType)
	}
	return kind, err
}

// next returns a frame, which is good until the next call. The end of the stream is io.EOF.
func (s *stream) next() ([]byte, error) {
	for {
		switch n := s.in.Buffered(); {
		case n == 0:
			s.limit(0) // a name server that nobody asks has nothing to say
		case n < 4:
			s.limit(patience)
		}
		size, err := s.word()
		if err != nil {
			return nil, err
		}
		if s.in.Buffered() < int(min(size, maxFrame)) || size == 0 {
			s.limit(patience)
		}
		switch {
		case size > maxFrame:
			return nil, fmt.Errorf("%w: %d octets", errTooLarge, size)
		case size > 0:
			return s.take(int(size))
		}
		kind, _, err := s.control()
		if err == nil && kind == controlStop {
			if err = io.EOF; s.twoWay {
				_ = s.say(controlFinish, nil) // it goes in any case
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// take reads so many octets, which are good until the next read.
func (s *stream) take(size int) ([]byte, error) {
	if size <= s.in.Size() {
		b, err := s.in.Peek(size)
		if err != nil {
			return nil, unexpected(err)
		}
		_, err = s.in.Discard(size)
		return b, err
	}
	if len(s.large) < size {
		s.large = make([]byte, size)
	}
	_, err := io.ReadFull(s.in, s.large[:size])
	return s.large[:size], unexpected(err)
}

// unexpected is an error in the middle of something.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *stream) word() (uint32, error) {
	b, err := s.in.Peek(4)
	if err != nil {
		if len(b) > 0 {
			err = unexpected(err)
		}
		return 0, err
	}
	n := binary.BigEndian.Uint32(b)
	_, err = s.in.Discard(4)
	return n, err
}

// control reads the rest of a control frame.
func (s *stream) control() (kind uint32, content []byte, err error) {
	size, err := s.word()
	if err != nil {
		return 0, nil, unexpected(err)
	}
	if size < 4 || size > maxControl {
		return 0, nil, fmt.Errorf("%w: a control frame of %d octets", errProtocol, size)
	}
	b, err := s.take(int(size))
	if err != nil {
		return 0, nil, err
	}
	return binary.BigEndian.Uint32(b), b[4:], nil
}

// offers reports whether dnstap is among the kinds of content in a control frame, or none is named.
func offers(b []byte) bool {
	named := false
	for len(b) >= 8 {
		field, size := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
		b = b[8:]
		if uint64(size) > uint64(len(b)) {
			return false
		}
		if field == fieldContentType {
			if string(b[:size]) == contentType {
				return true
			}
			named = true
		}
		b = b[size:]
	}
	return !named && len(b) == 0
}

// say writes a control frame.
func (s *stream) say(kind uint32, content []byte) error {
	b := binary.BigEndian.AppendUint32(make([]byte, 4, 64), uint32(4+len(content)))
	b = append(binary.BigEndian.AppendUint32(b, kind), content...)
	_, err := s.to.Write(b)
	return err
}
