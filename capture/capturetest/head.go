package capturetest

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Key is the Sec-WebSocket-Key of every request that Upgrade makes, that of
// the example in RFC 6455, 1.3.
const Key = "dGhlIHNhbXBsZSBub25jZQ=="

// AcceptFor is the Sec-WebSocket-Accept that proves key (RFC 6455, 4.2.2).
func AcceptFor(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Head is an HTTP/1.1 message to be written: start line, header field lines
// without their line ends, body.
type Head struct {
	Start string
	Lines []string
	Body  []byte
	// Chunked sends Body in chunks of up to 8 bytes (RFC 9112, 7.1).
	Chunked bool
}

// NewRequest is a request with a Host field.
func NewRequest(method, target, host string) *Head {
	return &Head{Start: method + " " + target + " HTTP/1.1", Lines: []string{"Host: " + host}}
}

// Upgrade is a valid upgrade request (RFC 6455, 4.1).
func Upgrade(target, host string) *Head {
	h := NewRequest("GET", target, host)
	h.Lines = append(h.Lines, "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: "+Key, "Sec-WebSocket-Version: 13")
	return h
}

// NewResponse is a response with the registered reason phrase.
func NewResponse(status int) *Head {
	return &Head{Start: "HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status)}
}

// Switching is the valid 101 response to a request with that key.
func Switching(key string) *Head {
	h := NewResponse(101)
	h.Lines = append(h.Lines, "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: "+AcceptFor(key))
	return h
}

// Set replaces the first field of line's name by line, or adds it.
func (h *Head) Set(line string) {
	if i := h.find(fieldName(line)); i >= 0 {
		h.Lines[i] = line
		return
	}
	h.Lines = append(h.Lines, line)
}

// Remove takes all fields of that name out.
func (h *Head) Remove(name string) {
	for i := h.find(name); i >= 0; i = h.find(name) {
		h.Lines = append(h.Lines[:i], h.Lines[i+1:]...)
	}
}

// Get is the value of the first field of that name; "" without one.
func (h *Head) Get(name string) string {
	i := h.find(name)
	if i < 0 {
		return ""
	}
	return strings.TrimSpace(h.Lines[i][len(fieldName(h.Lines[i]))+1:])
}

// Lower writes all field names in lower case, as some proxies do.
func (h *Head) Lower() {
	for i, l := range h.Lines {
		n := len(fieldName(l))
		h.Lines[i] = strings.ToLower(l[:n]) + l[n:]
	}
}

func (h *Head) find(name string) int {
	for i, l := range h.Lines {
		if n := fieldName(l); len(n) < len(l) && strings.EqualFold(n, name) {
			return i
		}
	}
	return -1
}

func fieldName(line string) string {
	name, _, _ := strings.Cut(line, ":")
	return name
}

// Append adds the message's bytes to dst.
func (h *Head) Append(dst []byte) []byte {
	dst = append(append(dst, h.Start...), "\r\n"...)
	for _, l := range h.Lines {
		dst = append(append(dst, l...), "\r\n"...)
	}
	dst = append(dst, "\r\n"...)
	if !h.Chunked {
		return append(dst, h.Body...)
	}
	for b := h.Body; len(b) > 0; b = b[min(8, len(b)):] {
		dst = fmt.Appendf(dst, "%x\r\n%s\r\n", min(8, len(b)), b[:min(8, len(b))])
	}
	return append(dst, "0\r\n\r\n"...)
}
