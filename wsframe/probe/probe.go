// Package probe is a WebSocket client that checks a server: it upgrades,
// pings and closes (RFC 6455, 4.1, 5.5), over a connection that the caller has
// made and whose deadlines the caller sets. It is the only active part of wstap.
package probe

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/gobwas/ws"
)

// What is wrong with the answer to the upgrade.
var (
	// ErrRefused: another status than 101.
	ErrRefused = errors.New("upgrade refused")
	// ErrInvalid: a 101 that a client must not accept (RFC 6455, 4.1).
	ErrInvalid = errors.New("invalid answer to the upgrade")
	// ErrSubprotocol: a subprotocol that was not offered.
	ErrSubprotocol = errors.New("subprotocol was not offered")
	// ErrNotHTTP: what came back is no HTTP response.
	ErrNotHTTP = errors.New("the answer is not HTTP")
)

// Options shape the upgrade request; the zero value adds nothing.
type Options struct {
	Header       http.Header
	Subprotocols []string
}

// Answer is what the server said to the upgrade.
type Answer struct {
	Status                int
	Server, Via, Location string
	Body                  string // the first line of a refusal's, 200 bytes at most
	Subprotocol           string // as the server chose it
}

// Client is one end of a WebSocket. Not for concurrent use.
type Client struct {
	r io.Reader
	w io.Writer
}

// maxBody bounds the bytes looked at of a refusal's body.
const maxBody = 200

// Upgrade sends the upgrade request for u and reads the answer. The error is one
// of those above, wrapped with what was found, or one of reading and writing.
func Upgrade(rw io.ReadWriter, u *url.URL, o Options) (*Client, Answer, error) {
	answer := Answer{Status: http.StatusSwitchingProtocols}
	dialer := ws.Dialer{
		Protocols: o.Subprotocols,
		Header:    ws.HandshakeHeaderHTTP(o.Header),
		Host:      u.Host,
		OnStatusError: func(status int, _ []byte, resp io.Reader) {
			answer = refusal(status, resp)
		},
	}
	br, hs, err := dialer.Upgrade(rw, u)
	answer.Subprotocol = hs.Protocol
	var status ws.StatusError
	switch {
	case err == nil:
	case errors.As(err, &status):
		return nil, answer, fmt.Errorf("%w with status %d", ErrRefused, answer.Status)
	case errors.Is(err, ws.ErrHandshakeBadSubProtocol):
		return nil, answer, fmt.Errorf("%w: %w", ErrSubprotocol, err)
	case errors.Is(err, ws.ErrHandshakeBadProtocol), errors.Is(err, ws.ErrMalformedResponse):
		return nil, answer, fmt.Errorf("%w: %w", ErrNotHTTP, err)
	case errors.Is(err, ws.ErrHandshakeBadUpgrade), errors.Is(err, ws.ErrHandshakeBadConnection),
		errors.Is(err, ws.ErrHandshakeBadSecAccept), errors.Is(err, ws.ErrHandshakeBadExtensions):
		return nil, answer, fmt.Errorf("%w: %w", ErrInvalid, err)
	default:
		return nil, answer, err
	}
	c := &Client{r: rw, w: rw}
	if br != nil { // frames that came with the answer
		c.r = io.MultiReader(br, rw)
	}
	return c, answer, nil
}

// refusal reads the answer that is none of 101.
func refusal(status int, r io.Reader) Answer {
	a := Answer{Status: status}
	resp, err := http.ReadResponse(bufio.NewReader(r), nil)
	if err != nil {
		return a
	}
	defer resp.Body.Close()
	a.Server, a.Via, a.Location = resp.Header.Get("Server"), resp.Header.Get("Via"), resp.Header.Get("Location")
	b, _ := io.ReadAll(io.LimitReader(resp.Body, maxBody)) // what came of it will do
	line, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	a.Body = string(bytes.TrimSpace(line))
	return a
}

// Ping sends a Ping frame and waits for the Pong that answers it (RFC 6455,
// 5.5.2 and 5.5.3). Data frames that come meanwhile are passed over. closed is
// true where the server closes instead.
func (c *Client) Ping(payload []byte) (closed bool, err error) {
	if err := c.send(ws.NewPingFrame(payload)); err != nil {
		return false, err
	}
	for {
		op, got, err := c.next()
		switch {
		case err != nil:
			return false, err
		case op == ws.OpPong && bytes.Equal(got, payload):
			return false, nil
		case op == ws.OpClose:
			return true, nil
		}
	}
}

// Close sends a Close frame with 1000 and waits for the server's (RFC 6455,
// 7.1.2). It returns the code of that, 1005 where it has none.
func (c *Client) Close() (code uint16, err error) {
	if err := c.send(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, ""))); err != nil {
		return 0, err
	}
	for {
		op, got, err := c.next()
		switch {
		case err != nil:
			return 0, err
		case op == ws.OpClose && len(got) < 2:
			return uint16(ws.StatusNoStatusRcvd), nil
		case op == ws.OpClose:
			code, _ := ws.ParseCloseFrameData(got)
			return uint16(code), nil
		}
	}
}

// next reads a frame. Payload is returned for control frames alone, and a Ping
// is answered.
func (c *Client) next() (op ws.OpCode, payload []byte, err error) {
	h, err := ws.ReadHeader(c.r)
	if err != nil {
		return 0, nil, err
	}
	if !h.OpCode.IsControl() || h.Length > ws.MaxControlFramePayloadSize {
		_, err := io.CopyN(io.Discard, c.r, h.Length) // never kept: the server says how long it is
		return h.OpCode, nil, err
	}
	payload = make([]byte, h.Length)
	if _, err := io.ReadFull(c.r, payload); err != nil {
		return 0, nil, err
	}
	if h.OpCode == ws.OpPing {
		err = c.send(ws.NewPongFrame(payload))
	}
	return h.OpCode, payload, err
}

func (c *Client) send(f ws.Frame) error { return ws.WriteFrame(c.w, ws.MaskFrame(f)) }
