package text

import (
	"fmt"
	"io"
	"strings"

	"wstap/reassembly"
	"wstap/report"
)

// maxEncrypted bounds the streams that the table lists; the rest is counted.
const maxEncrypted = 100

// encrypted is the part of the table of connections that tells of TLS that
// could not be read.
type encrypted struct {
	lines []string
	more  uint64
}

// add notes a stream.
func (e *encrypted) add(o *Connections, s *reassembly.Stream) {
	if len(e.lines) == maxEncrypted {
		e.more++
		return
	}
	t := s.TLS
	var what []string
	for _, w := range []string{t.Version, o.escaped(t.SNI)} {
		if w != "" {
			what = append(what, w)
		}
	}
	if t.ALPN != "" {
		what = append(what, o.escaped(t.ALPN))
	} else if len(t.Offered) > 0 {
		what = append(what, "offered "+o.escaped(strings.Join(t.Offered, ", ")))
	}
	arrow := "→"
	if o.l.esc.ASCII {
		arrow = "->"
	}
	e.lines = append(e.lines, fmt.Sprintf("  %v %s %v  %s: %s", s.Client(), arrow, s.Server(), strings.Join(what, "  "), t.State))
}

// write prints the part, if there is anything to tell.
func (e *encrypted) write(w io.Writer) error {
	if len(e.lines) == 0 {
		return nil
	}
	text := "encrypted, and not read; --keylog FILE brings the keys (docs/tls-keys.md):\n" + strings.Join(e.lines, "\n") + "\n"
	if e.more > 0 {
		text += "  and " + report.Count(e.more, "stream") + " more\n"
	}
	_, err := io.WriteString(w, text)
	return err
}
