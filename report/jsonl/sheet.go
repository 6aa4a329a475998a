package jsonl

import "wstap/wsframe"

// The size of a sheet: so small that it stays in the cache of the core that
// fills it until another takes it, so large that handing it over costs nothing.
const (
	sheetEvents = 512
	sheetBytes  = 64 << 10
	// maxCopied is the length of the longest payload that is copied to a sheet.
	// Longer ones are formatted at once.
	maxCopied = 64 << 10
)

// sheet is a run of events, copied, that are to be formatted. Conn is shared
// with the Analyzer, which goes on writing to it: only what is fixed once a
// connection is open may be read by who formats a frame or a message.
type sheet struct {
	order    []kind
	frames   []wsframe.Frame
	messages []wsframe.Message
	bytes    []byte // payloads, and lines that were made at once
	lines    []int  // lengths of these
	out      []byte
	done     chan struct{} // told once when out is made
}

// kind is that of an event on a sheet.
type kind uint8

const (
	aFrame kind = iota
	aMessage
	aLine
)

func newSheet() *sheet {
	return &sheet{
		order:    make([]kind, 0, sheetEvents),
		frames:   make([]wsframe.Frame, 0, sheetEvents),
		messages: make([]wsframe.Message, 0, sheetEvents),
		bytes:    make([]byte, 0, sheetBytes+maxCopied),
		out:      make([]byte, 0, 2*sheetBytes),
		done:     make(chan struct{}, 1),
	}
}

func (s *sheet) clear() {
	clear(s.frames) // they hold on to connections
	clear(s.messages)
	s.order, s.frames, s.messages = s.order[:0], s.frames[:0], s.messages[:0]
	s.bytes, s.lines, s.out = s.bytes[:0], s.lines[:0], s.out[:0]
}

func (s *sheet) full() bool { return len(s.order) == sheetEvents || len(s.bytes) >= sheetBytes }

// frame copies what is printed of a data frame.
func (s *sheet) frame(f *wsframe.Frame) {
	s.order = append(s.order, aFrame)
	s.frames = append(s.frames, *f)
	c := &s.frames[len(s.frames)-1]
	c.Header, c.Payload, c.Holes, c.Violations, c.Message = nil, nil, nil, nil, nil
}

// message copies a message.
func (s *sheet) message(m *wsframe.Message) {
	s.order = append(s.order, aMessage)
	s.messages = append(s.messages, *m)
	n := len(s.bytes)
	s.bytes = append(s.bytes, m.Payload...)
	s.messages[len(s.messages)-1].Payload = s.bytes[n:]
}

// now formats any other event.
func (s *sheet) now(enc *Encoder, e wsframe.Event) {
	n := len(s.bytes)
	s.bytes = enc.Append(s.bytes, e)
	s.order = append(s.order, aLine)
	s.lines = append(s.lines, len(s.bytes)-n)
}

// format makes the lines of all.
func (s *sheet) format(enc *Encoder) {
	at, frames, messages, lines := 0, s.frames, s.messages, s.lines
	for _, k := range s.order {
		switch k {
		case aFrame:
			s.out = enc.Append(s.out, &frames[0])
			frames = frames[1:]
		case aMessage:
			m := &messages[0]
			at += len(m.Payload)
			s.out = enc.Append(s.out, m)
			messages = messages[1:]
		case aLine:
			s.out = append(s.out, s.bytes[at:at+lines[0]]...)
			at += lines[0]
			lines = lines[1:]
		}
	}
}
