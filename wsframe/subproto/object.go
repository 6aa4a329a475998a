package subproto

// span is a part of what is scanned.
type span struct{ start, end int32 }

func (p span) of(b []byte) []byte { return b[p.start:p.end] }

// found is the value of the key with the lowest rank.
type found struct {
	rank rank
	kind valueKind
	key  span
	raw  span
}

func (f *found) offer(r rank, key span, kind valueKind, raw span) {
	if f.rank == 0 || r < f.rank {
		*f = found{r, kind, key, raw}
	}
}

// members is what an object holds that can name it. Values are kept as places
// in it: slices would take four times the room, and the time to fill it.
type members struct {
	message, name, id found // strings; id also a number
	code              found // a number under a name's key
	about             found
	err, result       found
	inner             span    // the first object within
	keys              [6]span // the first keys
	n                 int     // keys, all
	empty             bool    // "{}"
	rpc               bool    // it says that it is JSON-RPC 2.0
	simple            bool    // see survey.Map.Fill, of all of it
}

// object summarizes the JSON object that b begins with.
func object(l *line, b []byte) {
	var m members
	m.scan(b)
	switch {
	case m.name.rank > 0 || m.message.rank > 0:
		m.addName(l, b)
		l.quoted(m.about.raw.of(b))
		l.request = m.rpc && string(m.name.key.of(b)) == "method" // JSON-RPC 2.0, 4
	case m.err.kind != none:
		l.word("error")
		errorText(l, value{m.err.kind, m.err.raw.of(b)})
		l.reply = true
	case m.result.kind != none:
		l.word("result")
		l.reply = true
	case m.code.rank > 0:
		l.bytes(m.code.key.of(b))
		l.bytes(m.code.raw.of(b))
	default:
		if m.inner.end == 0 {
			m.addKeys(l, b)
		} else if m.addInner(l, b) {
			return
		}
	}
	l.id(value{m.id.kind, m.id.raw.of(b)})
}

// addInner adds the name of the first object within, or else the keys, and that
// object's id where it comes first. It reports whether it does.
func (m *members) addInner(l *line, b []byte) bool {
	var inner members
	in := m.inner.of(b)
	inner.scan(in)
	inner.addName(l, in)
	if l.n == 0 {
		m.addKeys(l, b)
	}
	id := inner.id
	if id.rank == 0 || m.id.rank > 0 && m.id.rank <= id.rank {
		return false
	}
	l.id(value{id.kind, id.raw.of(in)})
	return true
}

// addName adds the name: a message alone, or behind its type.
func (m *members) addName(l *line, b []byte) {
	if m.message.rank == 0 || m.name.rank > 0 && m.name.rank <= lastBeside {
		l.quoted(m.name.raw.of(b))
	}
	l.quoted(m.message.raw.of(b))
}

// addKeys adds the first keys of the object that b begins with in braces;
// nothing where there was no member and no end either, since that is no JSON.
func (m *members) addKeys(l *line, b []byte) {
	if m.n == 0 && !m.empty {
		return
	}
	l.word("{")
	for i, key := range m.keys[:min(m.n, len(m.keys))] {
		if i > 0 {
			l.glue(", ")
		}
		l.add(key.of(b))
	}
	if m.n > len(m.keys) {
		l.add([]byte(", …"))
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

// scan reads the members of the JSON object that b begins with. It is what
// scanner.member does, by a map, and without a value to build of what has no role.
func (m *members) scan(b []byte) {
	w := window{b: b}
	w.move(0)
	i := 1
	for i < maxNamed || m.name.rank == 0 && m.message.rank == 0 {
		if i >= len(b) || b[i] != '"' {
			i = skipBlank(b, i)
			if i < len(b) && b[i] == ',' {
				i = skipBlank(b, i+1)
			}
		}
		key := span{int32(i + 1), 0}
		colon := i < len(b) && b[i] == '"'
		if colon {
			var end int
			end, i = w.stringEnd(i + 1)
			key.end = int32(end)
			if i >= len(b) || b[i] != ':' {
				i = skipBlank(b, i)
				colon = i < len(b) && b[i] == ':'
			}
		}
		if !colon {
			m.empty = m.n == 0 && i < len(b) && b[i] == '}'
			return
		}
		if m.n < len(m.keys) {
			m.keys[m.n] = key
		}
		m.n++
		kind, start, end, next := w.scanValue(i + 1)
		i = next
		if kind == objectValue && m.inner.end == 0 {
			m.inner = span{int32(start), int32(end)}
		}
		if role, rank := keyRole(b, int(key.start), int(key.end)); role != noRole {
			m.take(b, role, rank, key, kind, span{int32(start), int32(end)})
		}
	}
}

// take looks at a member whose key has a role.
func (m *members) take(b []byte, role role, rank rank, key span, kind valueKind, raw span) {
	switch role {
	case names:
		m.takeName(rank, key, kind, raw)
	case identifies:
		if kind == str || kind == number {
			m.id.offer(rank, key, kind, raw)
		}
	case topics:
		if kind == str && m.about.rank == 0 {
			m.about.offer(rank, key, kind, raw)
		}
	case tellsError:
		if v := raw.of(b); string(v) != "null" && string(v) != "false" {
			m.err = found{rank, kind, key, raw}
		}
	case tellsResult:
		m.result = found{rank, kind, key, raw}
	case versions:
		m.rpc = true
	}
}

// takeName looks at a member whose key holds names.
func (m *members) takeName(r rank, key span, kind valueKind, raw span) {
	const longest = 6 // digits: a code, not a time
	size := raw.end - raw.start
	switch {
	case kind == number && size <= longest:
		m.code.offer(r, key, kind, raw)
	case kind != str || size == 0:
	case r == rankMessage:
		m.message.offer(r, key, kind, raw)
	default:
		m.name.offer(r, key, kind, raw)
	}
}
