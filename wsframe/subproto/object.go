package subproto

import "math/bits"

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

// longestCode is how many digits a number under a name's key may have to be a code,
// not a time.
const longestCode = 6

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
	if m.simple {
		l.easy = maxRunes - easyPiece
	}
	switch {
	case m.name.rank > 0 || m.message.rank > 0:
		m.addName(l, b)
		if m.about.rank > 0 {
			l.text(b, m.about.raw)
		}
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
	if m.id.rank > 0 {
		l.idOf(b, m.id)
	}
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
	l.idOf(in, id)
	return true
}

// addName adds the name: a message alone, or behind its type.
func (m *members) addName(l *line, b []byte) {
	if m.message.rank == 0 || m.name.rank > 0 && m.name.rank <= lastBeside {
		l.text(b, m.name.raw)
	}
	if m.message.rank > 0 {
		l.text(b, m.message.raw)
	}
}

// addKeys adds the first keys of the object that b begins with in braces;
// nothing where there was no member and no end either, since that is no JSON.
func (m *members) addKeys(l *line, b []byte) {
	if m.n == 0 && !m.empty {
		return
	}
	l.space()
	l.char('{')
	for i, key := range m.keys[:min(m.n, len(m.keys))] {
		if i > 0 {
			l.pair(',', ' ')
		}
		l.piece(b, key)
	}
	if m.n > len(m.keys) {
		l.add([]byte(", …"))
	}
	l.char('}')
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
	w := window{b: b}
	w.move(0)
	m.simple = w.simple && w.n == len(b)
	for i, more := 1, true; more && (i < maxNamed || m.name.rank == 0 && m.message.rank == 0); {
		start := i
		if uint(i-w.at) < uint(w.n) {
			marks := w.ahead(&w.Stops, i)
			if w.simple || marks&^w.ahead(&w.Ends, i) == 0 { // no backslash
				i, more = m.usual(&w, i, marks)
			}
		}
		if i == start { // also where there is no member at all
			i, more = m.member(&w, i)
		}
	}
}

// usual reads what member would, as long as the members from i on end within 64
// bytes and are written as most are: nothing between the tokens, or a space behind
// them. It returns where the first of the others stands, or that there is no more.
// marks are the quotation marks of the 64 bytes; they are taken off one by one.
func (m *members) usual(w *window, i int, marks uint64) (next int, more bool) {
	b, base := w.b, i
	for marks != 0 && i < maxNamed {
		start := base + bits.TrailingZeros64(marks)
		if (start != i+1 || b[i] != ',') && !between(b[i:start]) {
			return i, true
		}
		if marks &= marks - 1; marks == 0 {
			return i, true
		}
		end := base + bits.TrailingZeros64(marks)
		key := span{int32(start + 1), int32(end)}
		marks &= marks - 1
		if byteAt(b, end+1) != ':' {
			return i, true
		}
		at := end + 2 // of the value
		c := byteAt(b, at)
		if c == ' ' {
			at++
			c = byteAt(b, at)
		}
		var kind valueKind
		var raw span
		switch classes[c] {
		case quote:
			if marks &= marks - 1; marks == 0 {
				return i, true
			}
			i = base + bits.TrailingZeros64(marks)
			marks &= marks - 1
			kind, raw = str, span{int32(at + 1), int32(i)}
			i++
		case inside:
			if c == 0 {
				return i, true
			}
			i = w.find(&w.Ends, at+1)
			kind, raw = scalarKind(c), span{int32(at), int32(i)}
		case opens:
			i = w.nestedEnd(at)
			kind, raw = nestedKind(c), span{int32(at), int32(i)}
			marks = marks >> (i - base) << (i - base)
		default:
			return i, true
		}
		m.note(key, kind, raw)
		if mayHaveRole(b[key.start], int(key.end-key.start)) {
			m.take(b, key, kind, raw)
		}
	}
	return i, byteAt(b, i) != '}'
}

// between reports whether this is what most peers write between two members, or
// before the first.
func between(b []byte) bool { return len(b) == 0 || string(b) == ", " || string(b) == " " }

// member reads the member at i, as scanner.member does, and returns what is behind
// it. ok is false where there is none.
func (m *members) member(w *window, i int) (next int, ok bool) {
	b := w.b
	if i = skipBlank(b, i); byteAt(b, i) == ',' {
		i = skipBlank(b, i+1)
	}
	start, end := i+1, 0
	if ok = byteAt(b, i) == '"'; ok {
		end, i = w.stringEnd(start)
		i = skipBlank(b, i)
		ok = byteAt(b, i) == ':'
	}
	if !ok {
		m.empty = m.n == 0 && byteAt(b, i) == '}'
		return i, false
	}
	kind, from, to, next := w.scanValue(i + 1)
	key, raw := span{int32(start), int32(end)}, span{int32(from), int32(to)}
	m.note(key, kind, raw)
	if mayHaveRole(byteAt(b, start), end-start) {
		m.take(b, key, kind, raw)
	}
	return next, true
}

// note notes what does not depend on the key.
func (m *members) note(key span, kind valueKind, raw span) {
	if m.n < len(m.keys) {
		m.keys[m.n] = key
	}
	m.n++
	if kind == objectValue && m.inner.end == 0 {
		m.inner = raw
	}
}

// take looks at a member whose key may have a role.
func (m *members) take(b []byte, key span, kind valueKind, raw span) {
	role, rank := keyRole(b, int(key.start), int(key.end))
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
	size := raw.end - raw.start
	switch {
	case kind == number && size <= longestCode:
		m.code.offer(r, key, kind, raw)
	case kind != str || size == 0:
	case r == rankMessage:
		m.message.offer(r, key, kind, raw)
	default:
		m.name.offer(r, key, kind, raw)
	}
}
