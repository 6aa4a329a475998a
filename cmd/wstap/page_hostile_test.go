package main

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report/browsertest"
)

// attack is text that does harm in a page which takes it for more than text:
// each variant sets the canary, or loads something.
const attack = `</script><script>window.canary = 1</script><img src=x onerror="window.canary = 2"><svg onload="window.canary = 3">` +
	`<a href="javascript:window.canary = 4">&lt;b&gt;</a><!--<script>{{canary}}${canary}`

// hostilePayloads are what peers may send to whoever looks on.
func hostilePayloads() []string {
	return []string{
		attack,
		`{"type":"` + strings.ReplaceAll(attack, `"`, `\"`) + `","<img src=x onerror=canary>":"` + strings.ReplaceAll(attack, `"`, `\"`) + `"}`,
		"line\u2028separator\u2029right to left \u202eabc\u202c zero\u200bwidth \ufeffbom \u0000nul \x1b[31mred\x07",
		`{"lone":"\ud800","pair":"\ud83d\ude00","reversed":"\udc00\ud800","\ud800":1,"nul":"\u0000"}`,
		`{"__proto__":{"canary":1},"constructor":{"prototype":{"canary":1}},"toString":1,"type":"__proto__","id":"constructor"}`,
		strings.Repeat("[", 30000) + strings.Repeat("]", 30000),
		strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000),
		`{"type":"long","text":"` + strings.Repeat("wide \U0001f600 ", 30000) + `"}`,
		`[` + strings.Repeat(`"<b>",`, 20000) + `1]`,
		`{"n":1e400,"big":123456789012345678901234567890,"neg":-0,"type":{"id":[]}}`,
		"e" + strings.Repeat("\u0301", 2000),
		strings.Repeat("\u202e", 500) + "gnirts",
	}
}

// hostileCapture is two sessions, whose peers mean harm by all they say.
func hostileCapture(t *testing.T) []byte {
	trace := capturetest.NewTrace()
	c := trace.Conn(capturetest.Config{NoAck: true})
	c.Open()
	request := capturetest.Upgrade("/"+strings.ReplaceAll(attack, " ", "/")+"?\u202e&token=<script>", `"><script>canary=5</script>`)
	request.Set("Sec-WebSocket-Protocol: <img/src=x/onerror=canary>")
	request.Set("X-<Script>: " + attack)
	request.Set("Origin: javascript:canary=6")
	response := capturetest.Switching(request.Get("Sec-WebSocket-Key"))
	response.Set("Sec-WebSocket-Protocol: <img/src=x/onerror=canary>")
	response.Set("Server: " + attack)
	c.Exchange(request, response)
	for i, payload := range hostilePayloads() {
		d := capturetest.Direction(i % 2)
		c.Text(d, payload)
		c.Frame(d, capturetest.OpBinary, []byte(payload[:min(len(payload), 300)]))
	}
	c.Frame(capturetest.FromServer, capturetest.OpText, []byte("not \xff\xfe UTF-8 \xed\xa0\x80"))
	c.Frame(capturetest.FromServer, capturetest.OpPing, []byte(attack[:100]))
	c.Frame(capturetest.FromServer, capturetest.OpClose, append(binary.BigEndian.AppendUint16(nil, 4000), `<img src=x onerror="canary=7"> `+"\u2028\u202e"+` </script><script>canary=8</script>`...))
	refused := trace.Conn(capturetest.Config{NoAck: true})
	refused.Open()
	answer := capturetest.NewResponse(403)
	answer.Set("Location: javascript:canary=9")
	answer.Set("X: " + attack)
	refused.Exchange(capturetest.Upgrade("/"+strings.Repeat("%3Cscript%3E", 300), refused.Host()), answer)
	return captured(t, trace)
}

// TestPageShowsHarmfulTextAsText: nothing that peers say is run or loaded, or
// hides itself; each row, and each way to look at it.
func TestPageShowsHarmfulTextAsText(t *testing.T) {
	browser := browsertest.Start(t)
	p := browser.Open(t, reportPage(t, hostileCapture(t), "--no-redact"))
	p.Until(loaded)
	// All that can be opened is opened, and the rows are looked at with every tab.
	p.Eval(`for (const d of document.querySelectorAll('#verdict details')) d.open = true`, nil)
	var found struct {
		Rows, Tabs        int
		Canary, Pollution any
		Active, Raw       []string
	}
	p.Eval(`(async () => {
		const found = {rows: 0, tabs: 0, active: [], raw: []};
		const settle = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
		const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
		const look = (where) => {
			for (const e of document.querySelectorAll('img, svg, iframe, object, embed, base, a[href]:not([href^="#"]), script:not([data-wstap]) ~ script:not([data-wstap])')) found.active.push(where + ': ' + e.outerHTML.slice(0, 200));
			const m = hidden.exec(document.body.innerText);
			if (m) found.raw.push(where + ': U+' + m[0].charCodeAt(0).toString(16) + ' in ' + JSON.stringify(document.body.innerText.slice(Math.max(0, m.index - 40), m.index + 40)));
		};
		look('page');
		const grid = document.querySelector('#frames-grid');
		const key = (key) => grid.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
		key('Home');
		for (let row = -1; ; found.rows++) {
			await settle();
			const now = Number(new URLSearchParams(location.hash.slice(1)).get('row') || -1);
			const current = grid.querySelector('.row[aria-selected=true]');
			if (!current || current.id === row) break;
			row = current.id;
			for (const id of [...document.querySelectorAll('#detail [role=tab]')].map((tab) => tab.id)) {
				document.getElementById(id).click();
				await settle();
				for (const more of document.querySelectorAll('.json-more, .detail-panel > div > button:not(.detail-wrap)')) more.click();
				for (const closed of [...document.querySelectorAll('.json-toggle[aria-expanded=false]:not(:disabled)')].slice(0, 20)) closed.click();
				found.tabs++;
				look(row + ' ' + id);
			}
			key('j');
		}
		found.canary = window.canary === undefined ? null : window.canary;
		found.pollution = ({}).canary === undefined ? null : ({}).canary;
		return found;
	})()`, &found)
	if want := 2*len(hostilePayloads()) + 3; found.Rows < want || found.Tabs < 3*want {
		t.Errorf("only %d rows and %d tabs were looked at", found.Rows, found.Tabs)
	}
	if found.Canary != nil || found.Pollution != nil {
		t.Errorf("a peer's script ran: %v %v", found.Canary, found.Pollution)
	}
	for _, e := range append(found.Active, found.Raw...) {
		t.Errorf("%.400s", e)
	}
	// It is there, escaped, in the table, the head of the connection and the tree.
	p.Eval(`document.querySelector('#connections .row[aria-rowindex="2"]').click()`, nil)
	same(t, p, "the address", `document.querySelector('#connections .scroller .c-url').textContent.includes('<script>window.canary')`, "true")
	filter(p, `separator`)
	p.Until(`/line\\u2028separator\\u2029right to left \\u202eabc/.test(document.querySelector('#frames-grid .preview').textContent)`)
	// A link that somebody made up does no harm either.
	p.Go(p.Text(`location.href.replace(/#.*/, '')`) + `#filter=%3Cimg%20src%3Dx%20onerror%3Dcanary%3E&row=99999999&conn=1,__proto__&range=9-1&show=toString&pane=constructor&mode=__proto__`)
	p.Reload()
	p.Until(loaded)
	same(t, p, "the canary", `String(window.canary)`, "undefined")
	quiet(t, p)
}

// TestPageOfThousandsOfFaults stays quick to use.
func TestPageOfThousandsOfFaults(t *testing.T) {
	browser := browsertest.Start(t)
	trace := capturetest.NewTrace()
	for i := range 400 {
		c := trace.Conn(capturetest.Config{NoAck: true})
		c.Open()
		refusal := capturetest.NewResponse(403 + i%90)
		c.Exchange(capturetest.Upgrade(fmt.Sprintf("/%d/%s", i, strings.Repeat("x", i)), c.Host()), refusal)
	}
	p := browser.Open(t, reportPage(t, captured(t, trace)))
	p.Until(loaded)
	same(t, p, "findings", `document.querySelectorAll('.finding').length > 0`, "true")
	same(t, p, "what of the screen is left for the frames", `document.querySelector('#frames').clientHeight > 150`, "true")
	same(t, p, "connections", `document.querySelector('#connections-grid').getAttribute('aria-rowcount')`, "401")
	quiet(t, p)
}
