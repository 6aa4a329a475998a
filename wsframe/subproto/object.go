package subproto

// rank is the place of a key in the order in which an object's name is looked
// for, from 1; 0 for a key that holds no name.
type rank uint8

const (
	// rankMessage is first because signalling servers name their messages by
	// it. Where one of the next keys stands beside it, it tends to be prose.
	rankMessage rank = 1
	lastBeside  rank = 9
)

// nameRank is the order of the keys that hold a name.
func nameRank(key string) rank {
	switch key {
	case "message":
		return rankMessage
	case "type":
		return 2
	case "event":
		return 3
	case "method":
		return 4
	case "action":
		return 5
	case "op":
		return 6
	case "cmd":
		return 7
	case "command":
		return 8
	case "kind":
		return lastBeside
	case "name":
		return 10
	case "msg":
		return 11
	case "t":
		return 12
	case "msg_type", "msgType":
		return 13
	case "messageType", "message_type":
		return 14
	case "eventType", "event_type":
		return 15
	case "request":
		return 16
	case "target":
		return 17
	case "janus":
		return 18
	}
	return 0
}

// idRank is the order of the keys that hold an id.
func idRank(key string) rank {
	switch key {
	case "id":
		return 1
	case "requestId", "request_id":
		return 2
	case "req":
		return 3
	case "seq":
		return 4
	case "ref":
		return 5
	case "transaction":
		return 6
	}
	return 0
}

// found is the value of the key with the lowest rank.
type found struct {
	rank rank
	key  []byte
	value
}

func (f *found) offer(r rank, key []byte, v value) {
	if r > 0 && (f.rank == 0 || r < f.rank) {
		*f = found{r, key, v}
	}
}

// members is what an object holds that can name it.
type members struct {
	message, name, id found // strings; id also a number
	code              found // a number under a name's key
	about             []byte
	err, result       value
	inner             []byte    // the first object within
	keys              [6][]byte // the first keys
	n                 int       // keys, all
	empty             bool      // "{}"
	rpc               bool      // it says that it is JSON-RPC 2.0
}

// object summarizes the JSON object that b begins with.
func object(l *line, b []byte) {
	m := scanMembers(b)
	switch {
	case m.name.rank > 0 || m.message.rank > 0:
		m.addName(l)
		l.quoted(m.about)
		l.request = m.rpc && string(m.name.key) == "method" // JSON-RPC 2.0, 4
	case m.err.kind != none:
		l.word("error")
		errorText(l, m.err)
		l.reply = true
	case m.result.kind != none:
		l.word("result")
		l.reply = true
	case m.code.rank > 0:
		l.bytes(m.code.key)
		l.bytes(m.code.raw)
	default:
		inner := scanMembers(m.inner)
		inner.addName(l)
		m.id.offer(inner.id.rank, inner.id.key, inner.id.value)
		if l.n == 0 {
			m.addKeys(l)
		}
	}
	l.id(m.id.value)
}

// addName adds the name: a message alone, or behind its type.
func (m *members) addName(l *line) {
	if m.message.rank == 0 || m.name.rank > 0 && m.name.rank <= lastBeside {
		l.quoted(m.name.raw)
	}
	l.quoted(m.message.raw)
}

// addKeys adds the first keys in braces; nothing where there was no member and
// no end either, since that is no JSON.
func (m *members) addKeys(l *line) {
	if m.n == 0 && !m.empty {
		return
	}
	l.word("{")
	for i, key := range m.keys[:min(m.n, len(m.keys))] {
		if i > 0 {
			l.glue(", ")
		}
		l.add(key)
	}
	if m.n > len(m.keys) {
		l.glue(", …")
	}
	l.glue("}")
}

// errorText adds the text of an error: a string, or the code and message of an
// object (JSON-RPC 2.0, 5.1).
func errorText(l *line, v value) {
	switch v.kind {
	case str:
		l.quoted(v.raw)
	case number:
		l.bytes(v.raw)
	case objectValue:
		s := scanner{b: v.raw, i: 1}
		var code, message []byte
		for {
			key, v, ok := s.member()
			if !ok {
				break
			}
			switch string(key) {
			case "code":
				code = v.raw
			case "message":
				message = v.raw
			}
		}
		l.quoted(code)
		l.quoted(message)
	}
}

// scanMembers reads the members of the JSON object that b begins with.
func scanMembers(b []byte) members {
	var m members
	s := scanner{b: b, i: 1}
	for s.i < maxNamed || m.name.rank == 0 && m.message.rank == 0 {
		key, v, ok := s.member()
		if !ok {
			m.empty = m.n == 0 && s.peek() == '}'
			break
		}
		if m.n < len(m.keys) {
			m.keys[m.n] = key
		}
		m.n++
		m.take(key, v)
	}
	return m
}

// take looks at one member.
func (m *members) take(key []byte, v value) {
	var folded [len("message_type")]byte
	if len(key) == 0 || len(key) > len(folded) {
		if v.kind == objectValue && m.inner == nil {
			m.inner = v.raw
		}
		return
	}
	// .NET and Go peers often begin keys with a capital.
	n := copy(folded[:], key)
	if c := folded[0]; c >= 'A' && c <= 'Z' {
		folded[0] = c + 'a' - 'A'
	}
	k := folded[:n]
	switch v.kind {
	case str:
		if len(v.raw) == 0 {
			break
		}
		if r := nameRank(string(k)); r == rankMessage {
			m.message.offer(r, key, v)
		} else {
			m.name.offer(r, key, v)
		}
	case number:
		const longest = 6 // digits: a code, not a time
		if len(v.raw) <= longest {
			m.code.offer(nameRank(string(k)), key, v)
		}
	case objectValue:
		if m.inner == nil {
			m.inner = v.raw
		}
	}
	if v.kind == str || v.kind == number {
		m.id.offer(idRank(string(k)), key, v)
	}
	switch string(k) {
	case "jsonrpc":
		m.rpc = true
	case "topic", "channel":
		if v.kind == str && m.about == nil {
			m.about = v.raw
		}
	case "error":
		if string(v.raw) != "null" && string(v.raw) != "false" {
			m.err = v
		}
	case "result", "response":
		m.result = v
	}
}
