package page

import (
	"encoding/json"
	"strings"
	"testing"

	"wstap/wsframe"
)

// TestFilterBoxTakes holds what the filter box takes a text for.
func TestFilterBoxTakes(t *testing.T) {
	t.Parallel()
	cases := []struct{ text, kind, fault string }{
		{"", "none", ""}, {"   ", "none", ""},
		{"websocket", "filter", ""}, {"tcp", "filter", ""}, {"websocket.opcode == 9", "filter", ""}, {" wstap.from == \"client\" ", "filter", ""}, {"!websocket.fin", "filter", ""},
		{"ping", "text", ""}, {"\"websocket\"", "text", ""}, {"not found", "text", ""}, {"hello world", "text", ""}, {"{\"a\":1}", "text", ""}, {"10.0.0.1", "text", ""}, {"/chat", "text", ""}, {"/api/v1", "text", ""},
		{"a = b", "text", ""}, {"is it in {1}", "text", ""}, {"https://example.test/?a==b", "text", ""}, {"user.name", "text", ""},
		{"/ping|pong/", "regex", ""}, {"/PING/i", "regex", ""}, {"/a.b/s", "regex", ""}, {"/(a/", "regex", "missing closing )"}, {"/(?=a)/", "regex", "Perl syntax"},
		{"websocket.opcod == 9", "filter", "did you mean websocket.opcode?"}, {"websocket.opcode ==", "filter", "ends where"}, {"foo == 1", "filter", "neither a field"}, {"websocket.text", "filter", "did you mean"},
		{"tcp.seq == 1", "filter", "tcp.seq is not kept in this report: use wstap -r FILE -Y 'tcp.seq == 1'"}, {"  tcp.port == x", "filter", "not a valid number"}, {"(tcp.port == 80", "filter", `")" is expected`},
		{"http.host contains", "filter", "ends where"}, {"frame contains \"a\"", "filter", "no value to compare"},
	}
	var texts []string
	for _, c := range cases {
		texts = append(texts, c.text)
	}
	var got []struct {
		Kind, Hint string
		Error      *struct {
			Message    string
			At, Length int
		}
	}
	runNode(t, `import {Store} from './store.js';
import {compileQuery} from './filter.js';
export const main = (texts) => texts.map((text) => compileQuery(text, new Store()));
`, texts, &got)
	for i, c := range cases {
		g := got[i]
		fault := ""
		if g.Error != nil {
			fault = g.Error.Message
			if g.Error.At < 0 || g.Error.At > len(c.text) || g.Error.Length < 1 {
				t.Errorf("%q: the fault is at %d, %d long", c.text, g.Error.At, g.Error.Length)
			}
		}
		if g.Kind != c.kind || (c.fault == "") != (g.Error == nil) || !strings.Contains(fault, c.fault) || (g.Hint == "") != (c.kind == "none") {
			t.Errorf("%q is a %s, fault %q, hint %q", c.text, g.Kind, fault, g.Hint)
		}
	}
}

// TestSearchFinds searches for text and patterns in what rows show.
func TestSearchFinds(t *testing.T) {
	t.Parallel()
	run := &filterRun{}
	eachCapture(t, func(name string, read func(wsframe.Sink)) {
		if name == "signalling-session.txt" {
			run = newFilterRun(t, name, nil)
			read(run)
		}
	})
	var got map[string]int
	runNode(t, `import {Store} from './store.js';
import {compileQuery} from './filter.js';
export const main = ({run, texts}) => {
  const store = new Store();
  store.setIndex(run.Index);
  for (const batch of run.Batches) store.addBatch(new Uint8Array(Buffer.from(batch, 'base64')));
  const count = (text) => {
    const query = compileQuery(text, store);
    let n = 0;
    for (let row = store.first; row < store.rows; row++) n += query.test(row) ? 1 : 0;
    return n;
  };
  return Object.fromEntries(texts.map((text) => [text, count(text)]));
};
`, map[string]any{"run": run, "texts": []string{"nothing of the kind", "GETUSERDATA", "/\"message\":\"p[io]ng\"/", "/PING/", "/PING/i", "switching", "status 101"}}, &got)
	if got["nothing of the kind"] != 0 || got["GETUSERDATA"] != 1 || got["/PING/"] != 0 || got["/PING/i"] == 0 || got[`/"message":"p[io]ng"/`] < 2 || got["status 101"] != 1 {
		t.Errorf("%v", got)
	}
}

// TestJSONTextsAreRead holds the tree's parser against encoding/json: what is
// JSON, and what is kept of it.
func TestJSONTextsAreRead(t *testing.T) {
	t.Parallel()
	texts := []string{
		`{}`, `[]`, `null`, `true`, `"a"`, `1`, `-0`, `01`, `1.`, `.5`, `1e5`, `1E+2`, `-`, `+1`, `nul`, `truefalse`, `{"a":1}`, `{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `[1 2]`,
		`{"a":1,"a":2}`, `[[[]]]`, `[[]`, `[]]`, `{]`, `[}`, ` [ 1 , { "b" : [ ] } ] `, `"\u00e9\n"`, `"\x"`, `"a`, "\"a\nb\"", `"\ud800"`, `12345678901234567890.12345678901234567890`, `[1]x`, ``, ` `, `{"":""}`, `[1,2,3,{"a":[true,false,null,"x"]}]`, `"a" "b"`, `:`, `{"a"::1}`, `[{}:1]`, "\ufeff1", "1\u00a0",
		`{"message":"x","data":["` + strings.Repeat("long ", 2000) + `"]}`, strings.Repeat("[", 5000) + strings.Repeat("]", 5000), strings.Repeat("[", 5000), `"` + strings.Repeat(`\\`, 5000) + `"`,
	}
	var got []struct {
		Valid bool
		Text  string
	}
	runNode(t, `import {parseJSON} from './jsontree.js';
import {indentJSON} from './copy.js';
const write = (root) => { // without recursion, as the parser
  let out = '';
  const todo = [root];
  while (todo.length > 0) {
    const next = todo.pop();
    if (typeof next === 'string') out += next;
    else if (!next.items) out += next.text;
    else {
      todo.push(next.type === 'object' ? '}' : ']');
      [...next.items].reverse().forEach(([key, child], k) => todo.push(child, ...(key === null ? [] : [key + ':']), ...(k < next.items.length - 1 ? [','] : [])));
      out += next.type === 'object' ? '{' : '[';
    }
  }
  return out;
};
export const main = (texts) => texts.map((text) => {
  const node = parseJSON(text);
  return {valid: node !== null, text: node === null ? indentJSON(text) : write(node) + '\n' + indentJSON(text)};
});
`, texts, &got)
	for i, text := range texts {
		valid := json.Valid([]byte(text))
		if got[i].Valid != valid {
			t.Errorf("%.80q is JSON: %t, want %t", text, got[i].Valid, valid)
			continue
		}
		if !valid {
			if got[i].Text != text {
				t.Errorf("%.80q is laid out as %.80q", text, got[i].Text)
			}
			continue
		}
		tree, indented, _ := strings.Cut(got[i].Text, "\n")
		want := compacted(t, text)
		if tree != want || compacted(t, indented) != want {
			t.Errorf("%.80q is read as %.80q, laid out as %.80q", text, tree, indented)
		}
	}
}

func compacted(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	inside := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case inside && c == '\\':
			b.WriteByte(c)
			i++
			c = text[i]
		case c == '"':
			inside = !inside
		case !inside && strings.IndexByte(" \t\r\n", c) >= 0:
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
