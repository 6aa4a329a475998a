package wsframe

import "strings"

// Head is the head of an HTTP/1.1 message (RFC 9112, 2.1), or its equal in
// HTTP/2: start line and header fields.
type Head struct {
	// Method and Target are a request's ("GET", "/chat?x=1").
	Method, Target string
	// Status and Phrase are a response's (101, "Switching Protocols").
	Status int
	Phrase string
	// Proto is the version as sent, "HTTP/1.1".
	Proto  string
	Fields []Field
	// Length counts the head's bytes on the wire, empty line included.
	Length int
}

// Field is one header field line, name as sent, value trimmed and unfolded.
type Field struct{ Name, Value string }

// is reports whether the field has that name, in any case. Names are ASCII (RFC
// 9110, 5.1), so that most have another length.
func (f *Field) is(name string) bool {
	return len(f.Name) == len(name) && strings.EqualFold(f.Name, name)
}

// set makes h say what o does, in memory of its own but for the strings.
func (h *Head) set(o *Head) *Head {
	fields := append(h.Fields[:0], o.Fields...)
	*h = *o
	h.Fields = fields
	return h
}

// Get is the value of the first field of that name, in any case; "" if none.
func (h *Head) Get(name string) string {
	for i := range h.Fields {
		if h.Fields[i].is(name) {
			return h.Fields[i].Value
		}
	}
	return ""
}

// Joined is all values of that name joined by ", " (RFC 9110, 5.3).
func (h *Head) Joined(name string) string {
	var all []string
	for i := range h.Fields {
		if h.Fields[i].is(name) {
			all = append(all, h.Fields[i].Value)
		}
	}
	return strings.Join(all, ", ")
}

// Has reports whether a field of that name is there.
func (h *Head) Has(name string) bool {
	for i := range h.Fields {
		if h.Fields[i].is(name) {
			return true
		}
	}
	return false
}

// HasToken reports whether the comma-separated field name holds token, both
// in any case (RFC 9110, 5.6.1).
func (h *Head) HasToken(name, token string) bool {
	for v := range strings.SplitSeq(h.Joined(name), ",") {
		if strings.EqualFold(strings.TrimSpace(v), token) {
			return true
		}
	}
	return false
}
