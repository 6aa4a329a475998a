package wsframe

import (
	"fmt"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe/h2"
)

// detector finds out what a stream carries from its first bytes, waiting for
// as many as it takes, 24 at most in a direction: HTTP/1.x, HTTP/2, or frames
// of a WebSocket that was joined midway. TLS and PROXY headers never get here:
// package decrypt, below, takes them off. Inside a CONNECT tunnel it begins anew.
type detector struct {
	begin [2]held           // by the stream's direction
	lost  [2]reassembly.Gap // before any could be looked at
}

// cut reports whether bytes were lost before any could be looked at.
func (t *detector) cut() bool { return t.lost[0].Bytes+t.lost[1].Bytes > 0 }

// held are bytes kept with the packet that they came in.
type held struct {
	data []byte
	at   capture.Stamp
}

// maxDetect is how many bytes are looked at before a stream is ignored.
const maxDetect = plausibleWithin

// decide looks at the next bytes of a stream that is not known yet.
func (c *conn) decide(d reassembly.Direction, b []byte, at capture.Stamp) error {
	first := &c.detect.begin[d]
	if len(first.data) > 0 {
		first.data = append(first.data, b...)
		b = first.data
	}
	midstream := !c.st.Begun && c.tunnels == 0 || c.detect.cut()
	request, response := plausibleRequest(b), plausibleResponse(b)
	from, opening, begun := h2.Opening(b)
	switch {
	case opening:
		c.flipped = d != from
		return c.speakH2(d, b, at)
	case begun && (!midstream || len(b) >= len("PRI *")):
		first.data, first.at = append([]byte(nil), b...), at
		return nil
	case request == plausible:
		// Who asks is the client, whatever TCP's handshake looked like: it may
		// be split, or belong to a connection before.
		c.flipped = d == reassembly.FromServer
		return c.speakHTTP(d, b, at)
	case response == plausible:
		c.flipped = d == reassembly.FromClient
		return c.speakHTTP(d, b, at)
	case (request == undecided || response == undecided) && len(b) < maxDetect && !midstream:
		first.data, first.at = append([]byte(nil), b...), at
		return nil
	case midstream && h2.Resembles(b):
		return c.joinH2(d, b, at)
	case midstream || c.forced():
		return c.speculate(d, b, at)
	}
	return reassembly.ErrIgnore
}

// forced reports whether the user says that this stream is a WebSocket.
func (c *conn) forced() bool {
	return c.a.opts.Ports[c.st.Server().Port()] || c.a.opts.Ports[c.st.Client().Port()]
}

// decideGap takes the loss of bytes of a stream that is not known yet.
func (c *conn) decideGap(d reassembly.Direction, g reassembly.Gap) error {
	c.detect.lost[d].Bytes += g.Bytes
	c.detect.lost[d].Cause = g.Cause
	c.detect.begin[d] = held{}
	return nil
}

// speakHTTP goes on as HTTP/1.1, and hands over what was looked at: b, and
// what the other direction may have brought.
func (c *conn) speakHTTP(d reassembly.Direction, b []byte, at capture.Stamp) error {
	other := c.detect.begin[d.Reverse()]
	torn := !c.st.Begun || c.detect.lost[0].Bytes|c.detect.lost[1].Bytes != 0
	c.detect = nil
	c.http = c.newExchange()
	c.http.torn = torn
	if len(other.data) > 0 {
		if err := c.exchange(c.role(d.Reverse()), other.data, other.at); err != nil || c.http == nil {
			return err
		}
	}
	return c.take(d, b, at)
}

// speakH2 goes on as HTTP/2, likewise.
func (c *conn) speakH2(d reassembly.Direction, b []byte, at capture.Stamp) error {
	seen := c.detect
	m := c.newH2()
	other := d.Reverse()
	if g := seen.lost[other]; g.Bytes > 0 {
		if err := m.reader.Gap(c.role(other), g, at); err != nil {
			return err
		}
	}
	if first := seen.begin[other]; len(first.data) > 0 {
		if err := c.take(other, first.data, first.at); err != nil {
			return err
		}
	}
	return c.take(d, b, at)
}

// joinH2 goes on as HTTP/2 that was joined midway.
func (c *conn) joinH2(d reassembly.Direction, b []byte, at capture.Stamp) error {
	if !c.st.Oriented {
		// Nobody knows who asked; services have the lower ports.
		c.flipped = c.st.Client().Port() < c.st.Server().Port()
	}
	c.newH2().join()
	return c.take(d, b, at)
}

// bytesFound words a count of bytes.
func bytesFound(n int64) string {
	if n == 1 {
		return "1 other byte"
	}
	return fmt.Sprintf("%d other bytes", n)
}
