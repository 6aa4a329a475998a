package subproto

import (
	"math/rand/v2"
	"strings"
	"testing"

	"wstap/wsframe/survey"
)

// checkShort holds AppendShort to what every other payload goes through, and
// reports whether it told the summary.
func checkShort(t *testing.T, b []byte) bool {
	t.Helper()
	before := "not ours"
	got, ok := AppendShort(append(make([]byte, 0, len(before)+shortBytes), before...), b)
	if !ok {
		return false
	}
	l := line{b: make([]byte, 0, shortBytes)}
	l.message(Text, b, "")
	if want := before + string(l.end()); string(got) != want {
		t.Fatalf("%q\nis %q, want %q", b, got, want)
	}
	return true
}

// shortJSON makes objects of what AppendShort has to tell apart, and now and then
// edits one.
func shortJSON(r *rand.Rand) []byte {
	of := func(all ...string) string { return all[r.IntN(len(all))] }
	b := []byte("{")
	for i := range 1 + r.IntN(9) {
		if i > 0 {
			b = append(b, ',')
		}
		key := of("a", "", "data", "a key of 18 letters", keys[r.IntN(len(keys))].name, keys[r.IntN(len(keys))].name, keys[r.IntN(len(keys))].name)
		if r.IntN(6) == 0 && key != "" {
			key = strings.ToUpper(key[:1]) + key[1:]
		}
		if r.IntN(12) == 0 {
			key += "s"
		}
		value := of(`"x"`, `""`, `"subscribe"`, `"{a, [b]: c}"`, `"sixteen letters."`, `"more than sixteen letters"`, `"é"`, `"\n"`,
			"7", "-1.5e3", "123456", "1234567", "null", "true", "false", "[]", "{}", `[1,"]",2]`, `{"type":"in"}`, "[[]]", "")
		b = append(append(append(b, '"'), key...), '"', ':')
		b = append(b, value...)
	}
	b = append(b, '}')
	for r.IntN(4) == 0 {
		at := r.IntN(len(b))
		switch r.IntN(3) {
		case 0:
			b = append(b[:at:at], b[at+1:]...)
		case 1:
			b = append(b[:at+1], b[at:]...)
		default:
			b[at] = "\"\\{}[],: \x00\x1e\xe9a0"[r.IntN(14)]
		}
		if len(b) == 0 {
			return b
		}
	}
	return b
}

// TestShortObject: short objects are told as longer ones are.
func TestShortObject(t *testing.T) {
	told := 0
	const all = 60000
	for seed := range uint64(all) {
		r := rand.New(rand.NewPCG(seed, 13))
		if checkShort(t, shortJSON(r)) {
			told++
		}
		checkShort(t, badJSON(r))
	}
	if told < all/8 {
		t.Errorf("only %d of %d were short and simple", told, all)
	}
}

// TestShortEdges: each token of an object stands on both sides of the end of a word.
func TestShortEdges(t *testing.T) {
	for _, rest := range []string{`","id":7}`, `","op":"x"}`, `","d":[{}]}`, `","d":["}"],"id":"7"}`, `","e":null,"t":"é"}`, `}`, `"}}`, `","d":[}`, `","d":]}`} {
		for n := range survey.OutlineMost {
			checkShort(t, []byte(`{"a":"`+strings.Repeat("x", n)+rest))
			checkShort(t, []byte(`{"type":"`+strings.Repeat("x", n)+rest))
			checkShort(t, []byte(`{"`+strings.Repeat("x", n)+`":"`+rest))
		}
	}
	if !checkShort(t, []byte(`{"a":"`+strings.Repeat("x", 118)+`}"}`)) {
		t.Error("an object of two words is not told")
	}
}

// TestShortKeys: each key has its role in short objects too.
func TestShortKeys(t *testing.T) {
	for _, k := range keys {
		for _, value := range []string{`"x"`, `""`, "7", "1234567", "null", "{}", `[]`} {
			for i := range k.name {
				for _, name := range []string{k.name, k.name[:i], k.name[:i] + "X" + k.name[i+1:], k.name[:i] + "\x00" + k.name[i+1:], k.name + "s"} {
					checkShort(t, []byte(`{"`+name+`":`+value+`,"long":"enough"}`))
					checkShort(t, []byte(`{"long":"enough","`+name+`":`+value+`}`))
				}
			}
		}
	}
}

func FuzzShortObject(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(shortJSON(rand.New(rand.NewPCG(seed, 14))))
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkShort(t, b) })
}
