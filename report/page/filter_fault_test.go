package page

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"wstap/report/dfilter"
)

// dfilterTexts are the filters of dfilter's tests: all lines of its list, and
// all string literals of its test files, most of which are filters, right or
// wrong. What is no filter is refused, and that has to be said alike too.
func dfilterTexts(t *testing.T) []string {
	t.Helper()
	list, err := os.ReadFile("../dfilter/testdata/filters.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(string(list), "\n")
	for _, name := range []string{"error_test.go", "match_test.go", "parse_test.go", "sink_test.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), "../dfilter/"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && utf8.ValidString(s) {
					all = append(all, s)
				}
			}
			return true
		})
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// moreFilters are what dfilter's tests do not try: mostly literals.
var moreFilters = []string{
	`frame.time == "2026-3-1"`, `frame.time == "2026-03-1 1:02"`, `frame.time > "Feb 30, 2026"`, `frame.time > "Feb  3, 2026 1:02:03.5"`,
	`frame.time > "1600-01-01"`, `frame.time > 2026-03-01T12:00:00Z`, `frame.time > "2026-03-01T12:00:00+0130"`, `frame.time > "2026-03-01T25:00:00"`,
	`frame.time > "2026-03-01T12:00Z"`, `frame.time > "2026-03-01 12:00:61"`, `frame.time > "x UTC"`,
	`ip.addr == 1.2.3`, `ip.addr == 01.2.3.4`, `ip.addr == 1.2.3.4/33`, `ip.addr == 1.2.3.4/`, `ip.addr == ::1`, `ipv6.addr == 1::2::3`,
	`ipv6.addr == ::ffff:1.2.3.4`, `ipv6.addr == 1:2:3:4:5:6:7`, `ipv6.addr == 1:2:3:4:5:6:7::`, `ipv6.addr == 1:2:3:4:5:6:7:8::`, `ipv6.addr == fe80::/129`, `ipv6.addr == 1.2.3.4`,
	`tcp.port == 0x`, `tcp.port == 0b2`, `tcp.port == 0b101`, `tcp.port == 65536`, `tcp.port == 99999999999999999999999`, `tcp.port == 'a'`, `tcp.port == -1`,
	`wstap.length == 18446744073709551615`, `wstap.length == 18446744073709551616`, `len(http.host) == 9223372036854775808`,
	`websocket.masking_key == 1:2:3:4`, `websocket.masking_key == 0102.0304`, `websocket.masking_key == 01-02-03-04`, `websocket.masking_key == 123`, `websocket.masking_key == 1:234`,
	`frame.time_relative > 1.0000000001`, `frame.time_relative > 8589934592`, `frame.time_relative > .`, `frame.time_relative > -1`, `frame.time_relative > 1 + 2`,
	`websocket.fin == maybe`, `websocket.fin == 7`, `websocket.fin == "yes"`, `eth.src == "01:02:03:04:05:06"`, `eth.src == 010203040506`,
	`websocket.payload[0:0] == 1`, `websocket.payload[1-0] == 1`, `websocket.payload[-1-1]`, `websocket.payload[-2--1]`, `websocket.payload[:]`, `websocket.payload[1:2,3]`, `websocket.payload[99999999999]`,
	`"é" == websocket.payload.text`, "websocket.payload.text == \"\\ud800\"", `websocket.payload.text == "\400"`, `websocket.payload.text == "\x"`, `websocket.payload.text == "a\`,
	`not`, `any`, `all websocket`, `a.b.c.d == 1`, `websocket.payload.txt == "a"`, `len(1) == 1`, `len(a, b) == 2`, `max() == 1`, `lenn(http.host) == 1`,
	`tcp.port in {1..2}`, `tcp.port in {1 .. "x"}`, `tcp.port !in {1}`, `tcp.port ! 1`, `1 in {2}`, `x in {2}`, `tcp.port in {ip.src}`, `{1} == tcp.port`, `(tcp.port) == 1`,
	`websocket.payload.text matches "a**"`, `websocket.opcode == 1 == 2`, `tcp.port == http.host`, `wstap.rtt > "1"`, "a\x01b == 1", `websocket.opcode==1 && \`,
}

// TestFilterFaultsAreTheSame holds the page's compiler against dfilter: the same
// filters are refused, with the same words about the same place.
func TestFilterFaultsAreTheSame(t *testing.T) {
	t.Parallel()
	texts := append(dfilterTexts(t), moreFilters...)
	type fault struct {
		Message  string
		From, To int
	}
	var got []*fault
	runNode(t, `import {compileFilter} from './filter-compile.js';
export const main = (texts) => texts.map((text) => compileFilter(text, {utc: true}).error || null);
`, texts, &got)
	accepted, refused := 0, 0
	for i, text := range texts {
		_, err := dfilter.Compile(text, dfilter.Options{})
		var e *dfilter.Error
		if !errors.As(err, &e) {
			if got[i] != nil && !strings.Contains(got[i].Message, " is not kept in this report") {
				t.Errorf("%q is refused: %s", text, got[i].Message)
			}
			accepted++
			continue
		}
		refused++
		if got[i] == nil {
			t.Errorf("%q is accepted, dfilter says %s", text, e.Message)
			continue
		}
		want := fault{e.Message, units(text, e.Pos), units(text, e.Pos+max(e.Len, 1))}
		if *got[i] != want {
			t.Errorf("%q: %+v, dfilter has %+v", text, *got[i], want)
		}
	}
	if accepted < 250 || refused < 100 {
		t.Errorf("%d accepted, %d refused", accepted, refused)
	}
}

// units counts the UTF-16 units of the first n bytes.
func units(s string, n int) int {
	if n > len(s) {
		return len(utf16.Encode([]rune(s))) + n - len(s)
	}
	return len(utf16.Encode([]rune(s[:n])))
}

var patterns = []string{
	``, `a`, `a|b`, `(a|b)*c`, `^a$`, `(?m)^a$`, `(?s)a.b`, `a.b`, `\bfoo\b`, `\Bo`, `a{2}`, `a{2,}`, `a{2,3}`, `a{,3}`, `a{2`, `a{01}`, `x{1001}`, `(x{100}){100}`, `a{3,2}`, `a{999999999}`,
	`[abc]`, `[^abc]`, `[a-c-e]`, `[]a]`, `[^]a]`, `[a-]`, `[-a]`, `[z-a]`, `[`, `[a`, `[[:alpha:]]`, `[[:^alpha:]]`, `[[:foo:]]`, `[[:word:]x]`, `[\d-x]`, `[\w.]+@[\w.]+`, `[\]]`, `[\x{263a}-\x{263f}]`,
	`\d+`, `\D`, `\s`, `\S+`, `\w`, `\W`, `\pL`, `\p{Greek}`, `\P{Greek}`, `\p{^Lu}`, `\p{Foo}`, `\p{`, `\p`, `\pX`, `\x41`, `\x{1F600}`, `\x{}`, `\x{110000}`, `\x4`, `\x`, `\101`, `\0`, `\1`, `\8`, `\_`, `\-`, `\y`, `\C`, `\Q*.\E+`, `\Qab`, `\`,
	`(`, `)`, `a)b**`, `(a`, `()`, `(|a)`, `(?:a)`, `(?P<n>a)`, `(?<n>a)`, `(?P<>a)`, `(?P<n`, `(?<a b>c)`, `(?=a)`, `(?!a)`, `(?<=a)`, `(?<!a)`, `(?i)A`, `(?-i)A`, `(?i:A)b`, `(?-i:A)b`, `a(?-i)B`, `((?-i)A)b`, `(?`, `(?i`, `(?x)a`, `(?i-)a`, `(?--i)a`, `(?#a)`, `(?U)a+`,
	`*`, `a**`, `a*+`, `a*?`, `a*??`, `a+?b`, `|*`, `(*)`, `^*`, `a|*`, `a{1}{2}`, `a{1}?`, `a{1}*`, `(?i)*`, `$a`, `a\z`, `\Aa`, `a$b`, `\x{212a}`, `K`, `ſ`, `straße`, `Σ`, `é`, `[à-ü]`, `(?-i)[à-ü]`, `\W\w`, `[^\n]`, `\n$`, `(?m)$`, `^$`, `\b`, `"message":"(ping|pong)"`, `(a+)+$`, `(a|a)*b`, `日.`,
}

var subjects = []string{
	"", "a", "A", "ab", "abc", "aab", "aaa", "b", "foo bar", "foobar", "o", "a\nb", "\na\n", "b\na", "]", "-", "e", "x", "[", "1", "12x", " ", "\t\r\n\v", "_", ".", "me@x.org", "K", "k", "\u212a", "ſ", "s", "S", "straße", "STRASSE",
	"Σ", "σ", "ς", "é", "É", "à", "Ü", "ÿ", "日本", "\u263b", "\U0001f600", "\xff", "a\xc3", "\xed\xa0\x80", "\xf0\x9f\x98", "*.", "*.*.", `{"message":"ping","data":[]}`, "AbB", "aB", "ab\n", strings.Repeat("a", 40), strings.Repeat("a", 40) + "b", "\x00", "a{,3}", "a{2", "a{01}", "Lu",
}

// TestPatternsAreGos holds the page's regular expressions against Go's: what
// they refuse, with which words, and what they find.
func TestPatternsAreGos(t *testing.T) {
	t.Parallel()
	var got []struct {
		Fault string
		Found []bool
	}
	bytesOf := make([][]int, len(subjects))
	for i, s := range subjects {
		bytesOf[i] = []int{}
		for _, b := range []byte(s) {
			bytesOf[i] = append(bytesOf[i], int(b))
		}
	}
	runNode(t, `import {compilePattern} from './automaton.js';
export const main = ({patterns, subjects}) => patterns.map((text) => {
  try {
    const test = compilePattern(text);
    return {found: subjects.map((s) => test(Uint8Array.from(s)))};
  } catch (fault) {
    return {fault: fault.message};
  }
});
`, map[string]any{"patterns": folded(), "subjects": bytesOf}, &got)
	for i, text := range folded() {
		re, err := regexp.Compile(text)
		if err != nil {
			if want := strings.TrimPrefix(err.Error(), "error parsing regexp: "); got[i].Fault != want {
				t.Errorf("%q: %q, want %q", text, got[i].Fault, want)
			}
			continue
		}
		if got[i].Fault != "" {
			t.Errorf("%q is refused: %s", text, got[i].Fault)
			continue
		}
		for k, s := range subjects {
			if want := re.MatchString(s); got[i].Found[k] != want {
				t.Errorf("%q in %q: %t, want %t", text, s, got[i].Found[k], want)
			}
		}
	}
}

// folded are the patterns with and without regard to case.
func folded() []string {
	var all []string
	for _, p := range patterns {
		all = append(all, p, "(?i)"+p)
	}
	return all
}
