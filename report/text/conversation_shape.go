package text

import (
	"fmt"
	"io"
	"strconv"

	"wstap/report"
	"wstap/wsframe"
)

// Shape is a way of writing a conversation for programs: those of tshark's
// -z follow, and JSON.
type Shape uint8

// The shapes.
const (
	// ShapeASCII has each message below its length, what is not printable ASCII
	// as a dot; the server's lengths are indented by a tab.
	ShapeASCII Shape = iota
	// ShapeHex is a hex dump whose offsets count each side's bytes; the server's
	// rows are indented by a tab.
	ShapeHex
	// ShapeRaw is a line of hex digits for each message.
	ShapeRaw
	// ShapeYAML lists peers and messages, these in base64.
	ShapeYAML
	// ShapeJSON is what ShapeYAML is, with text messages as text.
	ShapeJSON
)

// String is the word that tshark has for the shape.
func (s Shape) String() string {
	return [...]string{"ascii", "hex", "raw", "yaml", "json"}[s]
}

// Shaped is a Sink that writes the messages of one connection, the first that
// it is told of, in a Shape: each is a chunk, joined, unmasked and inflated.
// Control frames are no part of what the peers say to each other.
type Shaped struct {
	w      io.Writer
	shape  Shape
	limit  report.Limit
	conn   *wsframe.Conn
	many   bool      // a message was written
	offset [2]uint64 // bytes written of each side
	b      []byte
}

var _ wsframe.Sink = (*Shaped)(nil)

// NewShaped returns a conversation in the given shape; limit bounds the bytes
// that it writes of each message. It writes to w, unbuffered.
func NewShaped(w io.Writer, s Shape, limit report.Limit) *Shaped {
	return &Shaped{w: w, shape: s, limit: limit}
}

// Emit implements wsframe.Sink.
func (s *Shaped) Emit(e wsframe.Event) error {
	s.b = s.b[:0]
	switch e := e.(type) {
	case *wsframe.Opened:
		if s.conn != nil {
			return nil
		}
		s.conn = e.M.Conn
		s.head()
	case *wsframe.Message:
		if e.M.Conn != s.conn {
			return nil
		}
		s.message(e)
	default:
		return nil
	}
	_, err := s.w.Write(s.b)
	return err
}

// Close implements wsframe.Sink. It does not close the writer.
func (s *Shaped) Close() error {
	if s.conn == nil {
		return nil
	}
	s.b = s.b[:0]
	switch s.shape {
	case ShapeASCII, ShapeHex, ShapeRaw:
		s.b = append(s.b, ruler...)
	case ShapeYAML:
		return nil
	case ShapeJSON:
		s.b = append(s.b, "\n]}\n"...)
	}
	_, err := s.w.Write(s.b)
	return err
}

const ruler = "===================================================================\n"

func (s *Shaped) head() {
	c := s.conn
	switch s.shape {
	case ShapeYAML:
		s.b = append(s.b, "peers:\n"...)
		for i, e := range [...]wsframe.Endpoint{c.Client, c.Server} {
			s.b = fmt.Appendf(s.b, "  - peer: %d\n    host: %s\n    port: %d\n", i, e.Addr(), e.Port())
		}
		s.b = append(s.b, "packets:\n"...)
	case ShapeJSON:
		s.b = append(s.b, `{"peers":[`...)
		for i, e := range [...]wsframe.Endpoint{c.Client, c.Server} {
			if i > 0 {
				s.b = append(s.b, ',')
			}
			s.b = fmt.Appendf(s.b, "\n"+`{"peer":%d,"host":"%s","port":%d}`, i, e.Addr(), e.Port())
		}
		s.b = append(s.b, "\n],\"packets\":["...)
	default:
		stream := uint64(0)
		if c.Stream != nil {
			stream = c.Stream.Index
		}
		s.b = fmt.Appendf(s.b, "\n%sFollow: websocket,%s\nFilter: tcp.stream eq %d\nNode 0: %s\nNode 1: %s\n",
			ruler, s.shape, stream, c.Client, c.Server)
	}
}

func (s *Shaped) message(m *wsframe.Message) {
	b := m.Payload
	if m.Why == wsframe.ContextLost {
		b = nil // what inflates with a wrong window is a guess
	}
	b = b[:s.limit.Cut(len(b))]
	switch s.shape {
	case ShapeASCII:
		s.side(m.From)
		s.b = strconv.AppendInt(s.b, int64(len(b)), 10)
		s.b = append(s.b, '\n')
		for _, c := range b {
			if (c < ' ' || c > '~') && c != '\n' && c != '\t' {
				c = '.'
			}
			s.b = append(s.b, c)
		}
		s.b = append(s.b, '\n')
	case ShapeHex:
		s.hex(m.From, b)
	case ShapeRaw:
		s.side(m.From)
		for _, c := range b {
			s.b = append(s.b, hexDigits[c>>4], hexDigits[c&15])
		}
		s.b = append(s.b, '\n')
	case ShapeYAML:
		s.yaml(m, b)
	case ShapeJSON:
		s.json(m, b)
	}
	if missing := m.Length - min(m.Length, uint64(len(b))); s.shape < ShapeRaw && (missing > 0 || !m.Complete) {
		s.lacks(m, missing)
	}
}

// lacks says below a message what it lacks.
func (s *Shaped) lacks(m *wsframe.Message, missing uint64) {
	s.side(m.From)
	s.b = append(s.b, '[')
	if missing > 0 {
		s.b = append(s.b, report.Count(missing, "byte")+" more"...)
	}
	if !m.Complete {
		if missing > 0 {
			s.b = append(s.b, ", "...)
		}
		s.b = append(s.b, "incomplete: "+m.Why.String()...)
	}
	s.b = append(s.b, "]\n"...)
}

func (s *Shaped) side(d wsframe.Direction) {
	if d == wsframe.FromServer {
		s.b = append(s.b, '\t')
	}
}

// hex writes a hex dump with tshark's columns.
func (s *Shaped) hex(d wsframe.Direction, b []byte) {
	const row = 16
	for len(b) > 0 {
		n := min(row, len(b))
		s.side(d)
		s.b = fmt.Appendf(s.b, "%08X  ", s.offset[d])
		for i := range row {
			if i == row/2 {
				s.b = append(s.b, ' ')
			}
			if i < n {
				s.b = append(s.b, hexDigits[b[i]>>4], hexDigits[b[i]&15], ' ')
			} else {
				s.b = append(s.b, "   "...)
			}
		}
		s.b = append(s.b, ' ')
		for i, c := range b[:n] {
			if i == row/2 {
				s.b = append(s.b, ' ')
			}
			if c < ' ' || c > '~' {
				c = '.'
			}
			s.b = append(s.b, c)
		}
		s.b = append(s.b, '\n')
		s.offset[d] += uint64(n)
		b = b[n:]
	}
}
