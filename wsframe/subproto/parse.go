package subproto

// Info is what a message says of itself.
type Info struct {
	// Name is the summary without the id; "" where there is nothing to say.
	Name string
	// ID is the text of the id that the message carries, by which a request and
	// its answer belong together; "" without one. A string and a number that
	// read the same are the same.
	ID string
	// Excerpt is true where Name is but the beginning of a text.
	Excerpt bool
	// Request is true where the message asks and cannot be an answer (a method
	// of JSON-RPC 2.0, a CALL of OCPP), Reply where it can only be an answer (a
	// result of either, phx_reply, an ack of Socket.IO). Most protocols leave it
	// open, so that both are false.
	Request, Reply bool
}

// Parse takes a message apart. Its arguments are those of AppendSummary behind dst, and what it
// returns is as foreign.
func Parse(kind Kind, payload []byte, subprotocol string) Info {
	l := line{b: make([]byte, 0, maxRunes+16)}
	l.message(kind, payload, subprotocol)
	info := Info{ID: string(l.ident), Excerpt: l.excerpt, Request: l.request, Reply: l.reply}
	if len(l.ident) > 0 {
		info.Name = string(l.b[:l.named])
	} else {
		info.Name = string(l.end())
	}
	return info
}
