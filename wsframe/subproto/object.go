package subproto

// role is what a key's value can be to an object.
type role uint8

const (
	noRole role = iota
	names
	identifies
	topics
	tellsError
	tellsResult
	versions // of JSON-RPC
)

// rank is the place of a key in the order in which an object's name, or its id,
// is looked for, from 1.
type rank uint8

const (
	// rankMessage is first because signalling servers name their messages by
	// it. Where one of the next keys stands beside it, it tends to be prose.
	rankMessage rank = 1
	lastBeside  rank = 9
)

// keyRole is the role of a key, and its rank among those that share it.
func keyRole(key string) (role, rank) {
	switch key {
	case "message":
		return names, rankMessage
	case "type":
		return names, 2
	case "event":
		return names, 3
	case "method":
		return names, 4
	case "action":
		return names, 5
	case "op":
		return names, 6
	case "cmd":
		return names, 7
	case "command":
		return names, 8
	case "kind":
		return names, lastBeside
	case "name":
		return names, 10
	case "msg":
		return names, 11
	case "t":
		return names, 12
	case "msg_type", "msgType":
		return names, 13
	case "messageType", "message_type":
		return names, 14
	case "eventType", "event_type":
		return names, 15
	case "request":
		return names, 16
	case "target":
		return names, 17
	case "janus":
		return names, 18
	case "id":
		return identifies, 1
	case "requestId", "request_id":
		return identifies, 2
	case "req":
		return identifies, 3
	case "seq":
		return identifies, 4
	case "ref":
		return identifies, 5
	case "transaction":
		return identifies, 6
	case "jsonrpc":
		return versions, 1
	case "topic", "channel":
		return topics, 1
	case "error":
		return tellsError, 1
	case "result", "response":
		return tellsResult, 1
	}
	return noRole, 0
}

// found is the value of the key with the lowest rank.
type found struct {
	rank rank
	key  []byte
	value
}

func (f *found) offer(r rank, key []byte, v value) {
	if f.rank == 0 || r < f.rank {
		*f = found{r, key, v}
	}
}

// members is what an object holds that can name it.
type members struct {
	message, name, id found // strings; id also a number
	code              found // a number under a name's key
	about             []byte
	err, result       value
	inner             []byte // the first object within
	n                 int    // keys, all
	empty             bool   // "{}"
	rpc               bool   // it says that it is JSON-RPC 2.0
}

// object summarizes the JSON object that b begins with.
func object(l *line, b []byte) {
	var m members
	m.scan(b)
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
		var inner members
		inner.scan(m.inner)
		inner.addName(l)
		if inner.id.rank > 0 {
			m.id.offer(inner.id.rank, inner.id.key, inner.id.value)
		}
		if l.n == 0 {
			m.addKeys(l, b)
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

// addKeys adds the first keys of the object that b begins with in braces;
// nothing where there was no member and no end either, since that is no JSON.
func (m *members) addKeys(l *line, b []byte) {
	const most = 6
	if m.n == 0 && !m.empty {
		return
	}
	l.word("{")
	s := scanner{b: b, i: 1}
	for i := range min(m.n, most) {
		if i > 0 {
			l.glue(", ")
		}
		key, _, _ := s.member()
		l.add(key)
	}
	if m.n > most {
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

// scan reads the members of the JSON object that b begins with.
func (m *members) scan(b []byte) {
	s := scanner{b: b, i: 1}
	for s.i < maxNamed || m.name.rank == 0 && m.message.rank == 0 {
		key, v, ok := s.member()
		if !ok {
			m.empty = m.n == 0 && s.peek() == '}'
			break
		}
		m.n++
		m.take(key, v)
	}
}

// take looks at one member.
func (m *members) take(key []byte, v value) {
	if v.kind == objectValue && m.inner == nil {
		m.inner = v.raw
	}
	const longest = len("message_type") // of the keys that have a role
	if len(key) == 0 || len(key) > longest {
		return
	}
	k := key
	if c := key[0]; c >= 'A' && c <= 'Z' { // .NET and Go peers often begin keys with a capital
		k = append(make([]byte, 0, longest), key...)
		k[0] = c + 'a' - 'A'
	}
	switch role, rank := keyRole(string(k)); role {
	case names:
		m.takeName(rank, key, v)
	case identifies:
		if v.kind == str || v.kind == number {
			m.id.offer(rank, key, v)
		}
	case topics:
		if v.kind == str && m.about == nil {
			m.about = v.raw
		}
	case tellsError:
		if string(v.raw) != "null" && string(v.raw) != "false" {
			m.err = v
		}
	case tellsResult:
		m.result = v
	case versions:
		m.rpc = true
	}
}

// takeName looks at a member whose key holds names.
func (m *members) takeName(r rank, key []byte, v value) {
	const longest = 6 // digits: a code, not a time
	switch {
	case v.kind == number && len(v.raw) <= longest:
		m.code.offer(r, key, v)
	case v.kind != str || len(v.raw) == 0:
	case r == rankMessage:
		m.message.offer(r, key, v)
	default:
		m.name.offer(r, key, v)
	}
}
