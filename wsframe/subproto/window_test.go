package subproto

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"wstap/wsframe/survey"
)

// scanBytes is members.scan by the functions of scanner.go, a byte at a time.
func (m *members) scanBytes(b []byte) {
	i := 1
	for i < maxNamed || m.name.rank == 0 && m.message.rank == 0 {
		i = skipBlank(b, i)
		if i < len(b) && b[i] == ',' {
			i = skipBlank(b, i+1)
		}
		keyStart, keyEnd := i+1, 0
		colon := i < len(b) && b[i] == '"'
		if colon {
			keyEnd, i = stringEnd(b, keyStart)
			i = skipBlank(b, i)
			colon = i < len(b) && b[i] == ':'
		}
		if !colon {
			m.empty = m.n == 0 && i < len(b) && b[i] == '}'
			return
		}
		if m.n < len(m.keys) {
			m.keys[m.n] = span{int32(keyStart), int32(keyEnd)}
		}
		m.n++
		kind, start, end, next := scanValue(b, i+1)
		i = next
		if kind == objectValue && m.inner.end == 0 {
			m.inner = span{int32(start), int32(end)}
		}
		if role, _ := roleByName(b[keyStart:keyEnd]); role != noRole {
			m.take(b, span{int32(keyStart), int32(keyEnd)}, kind, span{int32(start), int32(end)})
		}
	}
}

// roleByName is keyRole by the list of keys.
func roleByName(name []byte) (role, rank) {
	lower := bytes.Clone(name)
	if len(name) > 0 && name[0] >= 'A' && name[0] <= 'Z' {
		lower[0] |= 'a' - 'A'
	}
	for _, k := range keys {
		if k.name == string(lower) {
			return k.role, k.rank
		}
	}
	return noRole, 0
}

// checkScan holds members.scan, which goes by a map, to a byte at a time, and so
// each function of window to that of scanner.go.
func checkScan(t *testing.T, b []byte) {
	t.Helper()
	if len(b) == 0 {
		return
	}
	var got, want members
	got.scan(b)
	want.scanBytes(b)
	got.simple = false
	if got != want {
		t.Fatalf("%q\n%+v, want\n%+v", b, got, want)
	}
	w := window{b: b}
	w.move(0)
	for i := 0; i < len(b); i++ {
		w := w // forward only
		kind, start, end, next := w.scanValue(i)
		if k, s, e, n := scanValue(b, i); k != kind || s != start || e != end || n != next {
			t.Fatalf("%q from %d: kind %d, %d to %d, then %d, want kind %d, %d to %d, then %d", b, i, kind, start, end, next, k, s, e, n)
		}
		if i > 100 {
			i += i / 8
		}
	}
}

// badJSON makes objects that are JSON but for some edits, of all sizes up to a few
// windows.
func badJSON(r *rand.Rand) []byte {
	var value func(b []byte, depth int) []byte
	str := func(b []byte) []byte {
		b = append(b, '"')
		switch r.IntN(8) {
		case 0:
			b = append(b, strings.Repeat("long ", r.IntN(60))...)
		case 1:
			for range r.IntN(5) {
				b = append(b, []string{"\\\\", "\\\"", "\\u00e9", "{", "]", "\u00e9", "\\n"}[r.IntN(7)]...)
			}
		default:
			b = append(b, []string{"", "x", "typing", "subscribe", "a {b}, [c]: d"}[r.IntN(5)]...)
		}
		return append(b, '"')
	}
	blank := func(b []byte) []byte {
		if r.IntN(12) == 0 {
			b = append(b, " \n\t\r "[:r.IntN(6)]...)
		}
		return b
	}
	object := func(b []byte, depth int) []byte {
		b = blank(append(b, '{'))
		for i := range r.IntN(8) {
			if i > 0 {
				b = blank(append(b, ','))
			}
			if r.IntN(2) == 0 {
				k := []byte(keys[r.IntN(len(keys))].name)
				if r.IntN(6) == 0 {
					k[r.IntN(len(k))] ^= ' '
				}
				if r.IntN(9) == 0 {
					k = append(k, "xs_"[r.IntN(3)])
				}
				b = append(append(append(b, '"'), k...), '"')
			} else {
				b = str(b)
			}
			b = value(blank(append(blank(b), ':')), depth)
			b = blank(b)
		}
		return append(b, '}')
	}
	value = func(b []byte, depth int) []byte {
		switch k := r.IntN(8); {
		case k < 3:
			return str(b)
		case k < 5:
			return append(b, []string{"0", "-12.5e3", "1234567", "true", "null", "false", "NaN"}[r.IntN(7)]...)
		case k < 6 && depth > 0:
			return object(b, depth-1)
		case k < 7 && depth > 0:
			b = append(b, '[')
			for i := range r.IntN(6) {
				if i > 0 {
					b = append(b, ',')
				}
				b = value(b, depth-1)
			}
			return append(b, ']')
		}
		return append(b, '7')
	}
	b := object(nil, r.IntN(5))
	for r.IntN(3) == 0 && len(b) > 1 {
		at := 1 + r.IntN(len(b)-1)
		switch r.IntN(4) {
		case 0:
			b = b[:at]
		case 1:
			b = append(b[:at:at], b[at+1:]...)
		default:
			b[at] = "\"\\{}[],: \x00\x1e\xe9a0"[r.IntN(14)]
		}
	}
	return b
}

func TestScanByMap(t *testing.T) {
	large := 0
	for seed := range uint64(20000) {
		b := badJSON(rand.New(rand.NewPCG(seed, 9)))
		if len(b) > survey.Window {
			large++
		}
		checkScan(t, b)
	}
	if large < 200 {
		t.Errorf("only %d texts are longer than a window", large)
	}
}

// TestWindowEdges: tokens, and what a backslash escapes, on both sides of the end
// of a word and of a window.
func TestWindowEdges(t *testing.T) {
	for _, edge := range []int{64, survey.Window, survey.Window + 64} {
		for _, value := range []string{`"a\\"`, `"\\\""`, `"]"`, `[{}]`, `["\\"]`, `["\"]"]`, `{"a":"\\\"}"}`, `12`, `"é"`} {
			for n := edge - 30; n < edge+4; n++ {
				for _, open := range []string{"", "["} {
					b := []byte(`{"k":` + open + `"` + strings.Repeat("x", n) + `"`)
					if open != "" {
						b = append(append(append(b, ','), value...), ']')
					}
					checkScan(t, append(b, `,"id":`+value+`,"type":"t"}`...))
				}
			}
		}
	}
}

// TestBetweenMembers: whatever stands between two members, and before the first.
func TestBetweenMembers(t *testing.T) {
	const some = ", \t\n:x}]{\x00\x1e\\\""
	for _, a := range some {
		for _, b := range some {
			for _, between := range []string{string(a), string(a) + string(b), string(a) + string(b) + " "} {
				checkScan(t, []byte(`{`+between+`"op":"x","id":7}`))
				checkScan(t, []byte(`{"op":"x"`+between+`"id":7}`))
				checkScan(t, []byte(`{"op":12`+between+`"id":7}`))
				checkScan(t, []byte(`{"op"`+between+`"x","id":7}`))
				checkScan(t, []byte(`{"op":"x"`+between))
			}
		}
	}
}

// TestScanIsBounded: members behind maxNamed count only as long as there is no name.
func TestScanIsBounded(t *testing.T) {
	for _, first := range []string{"type", "data"} {
		for n := maxNamed - 60; n < maxNamed; n++ {
			long := `{"` + first + `":"x","text":"` + strings.Repeat("a", n-20) + `"`
			checkScan(t, []byte(long+`,"a":1,"b":"2","op":"y","c":[],"id":3,"seq":4,"topic":"z","d":1}`))
		}
	}
}

// TestLineIsCut: short parts are copied by words, but never past the end.
func TestLineIsCut(t *testing.T) {
	cut := func(s string) string {
		if len(s) > maxRunes {
			return s[:maxRunes-1] + "…"
		}
		return s
	}
	for a := 1; a <= maxRunes+1; a++ {
		for b := range 20 {
			name, topic, id := strings.Repeat("n", a), strings.Repeat("u", b), strings.Repeat("7", 1+b%7)
			want := name
			if b > 0 {
				want += " " + topic
			}
			text := []byte(`{"type":"` + name + `","topic":"` + topic + `","id":` + id + `}`)
			if got := Summary(Text, text, ""); got != cut(want+" #"+id) {
				t.Errorf("%s is %q", text, got)
			}
			text = []byte(`{"` + name + `":1,"` + topic + `":2,"z":3}`)
			if got := Summary(Text, text, ""); got != cut("{"+name+", "+topic+", z}") {
				t.Errorf("%s is %q", text, got)
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(badJSON(rand.New(rand.NewPCG(seed, 10))))
	}
	f.Add([]byte(`{"a":"` + strings.Repeat(`\`, 600) + `","type":"x"}`))
	f.Fuzz(checkScan)
}

// TestKeyRoles: each key is found in its place in the table, and nothing else is.
func TestKeyRoles(t *testing.T) {
	check := func(name string) {
		t.Helper()
		wantRole, wantRank := roleByName([]byte(name))
		for _, room := range []int{0, 1, 5, 12} {
			for _, start := range []int{0, 1, 9} {
				b := []byte(strings.Repeat("t", start) + name + strings.Repeat("e", room))
				var role role
				var rank rank
				if mayHaveRole(byteAt(b, start), len(name)) {
					role, rank = keyRole(b, start, start+len(name))
				}
				if role != wantRole || rank != wantRank {
					t.Errorf("%q in %q is %d of rank %d, want %d of rank %d", name, b, role, rank, wantRole, wantRank)
				}
			}
		}
	}
	check("")
	for _, k := range keys {
		check(k.name)
		for i := range k.name {
			check(k.name[:i])
			check(k.name[:i] + string(k.name[i]^0x20) + k.name[i+1:])
			check(k.name[:i] + "\x00" + k.name[i+1:])
			check(k.name[:i] + string(k.name[i]+1) + k.name[i+1:])
		}
		check(k.name + "\x00")
		check(k.name + "s")
		check("\x14" + k.name[1:])
	}
}
