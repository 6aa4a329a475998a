package subproto

// array summarizes the JSON array that b begins with.
func array(l *line, b []byte, subprotocol string) {
	s := scanner{b: b, i: 1}
	var e [5]value
	n := 0
	for n < len(e) {
		v, ok := s.element()
		if !ok {
			break
		}
		e[n] = v
		n++
	}
	switch {
	case n == 0:
		if s.peek() == ']' {
			l.word("[]")
		}
	case isProtocol(subprotocol, "wamp") && wamp(l, e[:n]):
	case isProtocol(subprotocol, "ocpp") && ocpp(l, e[:n]):
	case phoenix(l, e[:n]):
	default:
		anyArray(l, e[:n])
	}
}

// anyArray takes the first string among the elements, which SockJS clients fill
// with JSON. An object counts where it is the first element, or there is no
// string.
func anyArray(l *line, e []value) {
	var name, first value
	for _, v := range e {
		if v.kind == str && name.kind == none {
			name = v
		}
		if v.kind == objectValue && first.kind == none {
			first = v
		}
	}
	switch {
	case e[0].kind == objectValue, name.kind == none && first.kind != none:
		object(l, first.raw)
	case name.kind != none && len(name.raw) > 0 && name.raw[0] == '{':
		object(l, unescape(nil, name.raw[:min(len(name.raw), maxNamed)]))
	case name.kind != none:
		l.quoted(name.raw)
	case e[0].kind == literal && !e[0].isKeyword():
		// "[info] started" is no JSON.
	default:
		l.word("[")
		l.add(e[0].raw)
		if len(e) > 1 {
			l.add([]byte(", …"))
		}
		l.glue("]")
	}
}
