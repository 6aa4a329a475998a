package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wstap/capture/capturetest"
	"wstap/report/browsertest"
)

// session is a capture of a session with n frames, every 100th a ping. The
// session is not closed.
func session(t *testing.T, n int) []byte {
	t.Helper()
	trace := capturetest.NewTrace()
	c := trace.Conn(capturetest.Config{NoAck: true})
	c.Open()
	if n >= 0 {
		c.Upgrade("/chat", "", "")
	}
	for i := range n {
		d := capturetest.Direction(i % 2)
		trace.Wait(time.Millisecond)
		if i%100 == 50 {
			c.Frame(d, capturetest.OpPing, fmt.Appendf(nil, "beat %d", i))
		} else {
			c.Text(d, fmt.Sprintf(`{"type":"tick","n":%d,"word":"%x"}`, i, i*i))
		}
	}
	return captured(t, trace)
}

// captured is the trace as a pcap file.
func captured(t *testing.T, trace *capturetest.Trace) []byte {
	t.Helper()
	if err := trace.Err(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := capturetest.WritePcap(&out, trace.Packets()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// reportPage has wstap report make a page of a capture, and returns its address.
func reportPage(t *testing.T, capture []byte, args ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report.html")
	cmd := wstap(t, append([]string{"report", "-q", "-r", "-", "-o", name}, args...)...)
	cmd.Stdin = bytes.NewReader(capture)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return browsertest.FileURL(name)
}

// Expressions about the page, for Until and Text.
const (
	// loaded is true when all rows are there and were looked at.
	loaded = `document.body.classList.contains('ready') && document.querySelector('#toolbar progress').classList.contains('idle') && /row/.test(document.querySelector('.count').textContent) && (document.querySelector('#frames-grid .scroller .row') || !document.querySelector('#frames .empty').hidden)`
	// counted is how many rows are shown, of how many.
	counted = `document.querySelector('.count').textContent`
	// selected is the number of the selected row's message, as the detail has it.
	selected = `document.querySelector('#frames-grid .row[aria-selected=true] .c-data').textContent`
	// settled waits until what was asked for is on the screen.
	settled = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))`
)

// row is a line of the table, what stands in its cells joined by |.
func row(selector string) string {
	return fmt.Sprintf(`[...document.querySelector(%q).children].map((c) => c.textContent).join('|')`, "#frames-grid .scroller "+selector)
}

// quiet fails where the tab complained, or asked for anything but the file.
func quiet(t *testing.T, p *browsertest.Tab) {
	t.Helper()
	for _, c := range p.Complaints() {
		t.Errorf("the browser complains: %.600s", c)
	}
	for _, r := range p.Requests() {
		if scheme, _, _ := strings.Cut(r, ":"); scheme != "file" && scheme != "data" && scheme != "blob" {
			t.Errorf("the page asks for %s", r)
		}
	}
}

// same fails where an expression is not as wanted.
func same(t *testing.T, p *browsertest.Tab, what, expression, want string) {
	t.Helper()
	if got := p.Text(expression); got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// filter types a text into the filter box, and waits until it was looked at.
func filter(p *browsertest.Tab, text string) {
	p.Press("Escape", "/")
	p.Type(text)
	p.Press("Enter")
	p.Eval(settled, nil)
	p.Until(loaded)
}

// TestPageLoads: of any number of frames, with the first in sight and the last
// to be scrolled to, and without a word from the browser.
func TestPageLoads(t *testing.T) {
	browser := browsertest.Start(t)
	for _, c := range []struct {
		frames, rows int
		first, last  string
	}{
		{-1, 0, "", ""},
		{0, 2, "upgraded", "upgraded"},
		{1, 3, "upgraded", `{"type":"tick","n":0,"word":"0"}`},
		{10000, 10002, "upgraded", `{"type":"tick","n":9999,"word":"5f592e1"}`},
	} {
		t.Run(fmt.Sprint(c.frames), func(t *testing.T) {
			p := browser.Open(t, reportPage(t, session(t, c.frames)))
			p.Until(loaded)
			rows := strings.TrimLeft(fmt.Sprintf("%d,%03d rows", c.rows/1000, c.rows%1000), "0,")
			if c.rows == 0 {
				rows = "0 rows"
				p.Until(`document.querySelector('.empty').textContent === 'No frames were captured.'`)
				same(t, p, "verdict", `document.querySelector('.headline').textContent !== ''`, "true")
			}
			same(t, p, "rows", counted, rows)
			same(t, p, "rows for who has them read", `document.querySelector('#frames-grid').getAttribute('aria-rowcount')`, fmt.Sprint(c.rows+1))
			if c.rows > 0 {
				p.Until(`document.querySelector('#frames-grid .row[aria-rowindex="2"] .c-type').textContent === '` + c.first + `'`)
				// The thumb is pulled to the lower end.
				p.Eval(`document.querySelector('#frames-grid .scroller').scrollTop = 1e9`, nil)
				last := fmt.Sprintf(`.row[aria-rowindex="%d"]`, c.rows+1)
				p.Until("document.querySelector('#frames-grid " + last + "')")
				if got := p.Text(row(last)); !strings.Contains(got, "capture ended") {
					t.Errorf("the last row is %q", got)
				}
				if got := p.Text(row(fmt.Sprintf(`.row[aria-rowindex="%d"]`, c.rows))); !strings.Contains(got, c.last) {
					t.Errorf("the last frame is %q, want %q", got, c.last)
				}
				same(t, p, "elements of rows", `document.querySelectorAll('#frames-grid .scroller .row').length < 120`, "true")
			}
			quiet(t, p)
		})
	}
}

// TestPageAnswers what one asks it: rows, filters, the detail of a row, links.
func TestPageAnswers(t *testing.T) {
	browser := browsertest.Start(t)
	page := reportPage(t, session(t, 3000))
	open := func(t *testing.T) *browsertest.Tab {
		p := browser.Open(t, page)
		p.Until(loaded)
		t.Cleanup(func() { quiet(t, p) })
		return p
	}
	t.Run("rows", func(t *testing.T) {
		p := open(t)
		same(t, p, "a row", row(`.row[aria-rowindex="4"]`), "0.006000|#1|↓ received|text|32|tick{\"type\":\"tick\",\"n\":1,\"word\":\"1\"}|7")
		p.Press("3")
		p.Becomes(counted, "1,500 of 3,002 rows")
		p.Press("4")
		p.Becomes(counted, "32 of 3,002 rows") // 30 pings, the upgrade and the end
		p.Press("1", "m")
		p.Becomes(counted, "2,972 of 3,002 rows")
	})
	t.Run("filter", func(t *testing.T) {
		p := open(t)
		for text, want := range map[string]string{
			`websocket.opcode == 9`:                      "30 of 3,002 rows display filter",
			`websocket.mask == 1 && frame.number > 2000`: "502 of 3,002 rows display filter",
			`"n":1234`:      "1 of 3,002 rows text search",
			`/n":12\d\d,/`:  "99 of 3,002 rows regular expression",
			`/N":12\d\d,/i`: "99 of 3,002 rows regular expression",
			`nothing-such`:  "0 of 3,002 rows text search",
		} {
			filter(p, text)
			p.Becomes(counted+` + ' ' + document.querySelector('.filter .kind').textContent`, want)
		}
		p.Press("Escape", "/")
		p.Type("websocket.opcode = 9")
		p.Press("Enter")
		p.Until(`!document.querySelector('.fault').hidden`)
		same(t, p, "the fault", `document.querySelector('.fault pre').textContent`, "websocket.opcode = 9\n                 ^")
		same(t, p, "the box", `document.querySelector('#filter').getAttribute('aria-invalid')`, "true")
		p.Press("Escape")
		p.Until(counted + ` === '3,002 rows' && document.querySelector('.fault').hidden`)
	})
	t.Run("detail", func(t *testing.T) {
		p := open(t)
		p.Click(`#frames-grid .row[aria-rowindex="5"]`)
		p.Until(`document.querySelector('#detail .json-tree')`)
		if got := p.Text(`document.querySelector('.json-tree').innerText.replace(/\s+/g, ' ')`); !strings.Contains(got, "type: \"tick\"") || !strings.Contains(got, "n: 2") {
			t.Errorf("the tree is %q", got)
		}
		p.Click(`#detail-tab-text`)
		p.Until(`document.querySelector('#detail .detail-text')`)
		same(t, p, "text", `document.querySelector('.detail-text').textContent`, `{"type":"tick","n":2,"word":"4"}`)
		p.Click(`#detail-tab-hex`)
		p.Until(`document.querySelector('#detail .hex-line')`)
		same(t, p, "hex", `document.querySelector('.hex-line .hex-text').textContent.startsWith('{"type":')`, "true")
		p.Click(`#detail-tab-header`)
		p.Until(`/RFC/.test(document.querySelector('#detail-panel').textContent)`)
		same(t, p, "packet", `/packet 8/.test(document.querySelector('.detail-place').textContent)`, "true")
	})
	t.Run("links survive a reload", func(t *testing.T) {
		p := open(t)
		filter(p, `"n":2`)
		p.Press("3", "t")
		p.Press("End")
		p.Until(selected + `.includes('"n":2999')`)
		p.Until(`location.hash.includes('row=3000')`)
		count := p.Text(counted)
		p.Reload()
		p.Until(loaded)
		p.Until(selected + `.includes('"n":2999')`)
		same(t, p, "rows", counted, count)
		same(t, p, "the box", `document.querySelector('#filter').value`, `"n":2`)
		p.Until(`document.querySelector('#detail-body').innerText.includes('2999')`)
	})
	t.Run("overview", func(t *testing.T) {
		p := open(t)
		x, y, width, height := p.Box(".strip")
		p.Drag(x+width/4, y+height/3, x+width/2, y+height/3)
		p.Until(`location.hash.includes('range=')`)
		p.Until(loaded)
		var shown int
		p.Eval(`parseInt(document.querySelector('.count').textContent.replace(/,/g, ''), 10)`, &shown)
		if shown < 650 || shown > 850 {
			t.Errorf("a quarter of the time has %d of 3001 rows", shown)
		}
		p.Click(".clear-range")
		p.Becomes(counted, "3,002 rows")
	})
}

// TestPageHasKeys for all there is, and the focus in sight.
func TestPageHasKeys(t *testing.T) {
	browser := browsertest.Start(t)
	p := browser.Open(t, reportPage(t, session(t, 500)))
	p.Until(loaded)
	p.Press("?")
	p.Until(`document.querySelector('#keys').open`)
	p.Press("Escape")
	p.Until(`!document.querySelector('#keys').open`)
	p.Press("f", "j", "j", "j")
	p.Until(selected + `.includes('"n":1,')`)
	p.Press("k")
	p.Until(selected + `.includes('"n":0,')`)
	p.Press("End")
	p.Until(selected + `.includes('capture ended')`)
	p.Press("k")
	p.Until(selected + `.includes('"n":499,')`)
	p.Press("Enter")
	p.Until(`document.querySelector('#detail').contains(document.activeElement)`)
	p.Press("ArrowRight")
	p.Until(`document.activeElement.id === 'detail-tab-text'`)
	p.Press("Escape")
	p.Until(`document.activeElement.id === 'frames-grid'`)
	p.Press("Home", "PageDown")
	p.Until(`Number(document.querySelector('#frames-grid .row[aria-selected=true]').id.slice(4)) > 5`)
	p.Press("Escape")
	p.Until(`!document.body.classList.contains('has-detail')`)
	p.Press("/")
	p.Until(`document.activeElement.id === 'filter'`)
	p.Type("beat")
	p.Becomes(counted, "5 of 502 rows")
	p.Press("Escape")
	p.Becomes(counted, "502 rows")

	// Tab goes from the top to the bottom, through what can be worked with, and
	// each stop is seen.
	p.Eval(`document.querySelector('#skip').focus()`, nil)
	var stops []string
	for range 60 {
		var stop struct {
			Name    string
			Outline bool
		}
		p.Eval(`(() => {
			const e = document.activeElement, s = getComputedStyle(e), before = getComputedStyle(e, '::before');
			const scroller = e.id === 'frames-grid' ? getComputedStyle(e.querySelector('.scroller')) : s;
			const seen = [s, scroller].some((s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1) || before.backgroundColor !== 'rgba(0, 0, 0, 0)' && e.className === 'edge';
			return {name: e === document.body ? 'body' : e.id || e.getAttribute('aria-label') || e.textContent, outline: seen};
		})()`, &stop)
		if stop.Name == "body" || len(stops) > 0 && stop.Name == stops[0] {
			break
		}
		if !stop.Outline {
			t.Errorf("who comes to %q with Tab does not see it", stop.Name)
		}
		stops = append(stops, stop.Name)
		p.Press("Tab")
	}
	at := -1
	for _, want := range []string{"skip", "theme", "help", "Start of the time range", "connections-grid", "All", "Delta", "filter", "Export", "frames-grid"} {
		k := slices.Index(stops, want)
		if k <= at {
			t.Errorf("%q is stop %d, behind %d: %q", want, k, at, stops)
		}
		at = max(at, k)
	}
	quiet(t, p)
}

// TestPageLinksFindings to the rows that show them.
func TestPageLinksFindings(t *testing.T) {
	browser := browsertest.Start(t)
	p := browser.Open(t, reportPage(t, captureFile(t, "violation-mask-missing")))
	p.Until(loaded)
	p.Until(`document.querySelector('.finding .evidence button[title^="go to"]')`)
	packet := p.Text(`document.querySelector('.finding .evidence button[title^="go to"]').textContent`)
	p.Click(`.finding .evidence button[title^="go to"]`)
	p.Until(`document.body.classList.contains('has-detail')`)
	p.Until(`document.querySelector('.detail-place').textContent.includes('` + packet + `')`)
	p.Click(`.finding .evidence button[title^="show only"]`)
	p.Until(`location.hash.includes('conn=1')`)
	same(t, p, "the waterfall is drawn", `(() => {
		const c = document.querySelector('#connections .c-waterfall canvas');
		return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((b) => b !== 0);
	})()`, "true")
	quiet(t, p)
}

// TestPageHandsOut what is copied and exported. What is in exports, package page
// holds against what wstap writes.
func TestPageHandsOut(t *testing.T) {
	browser := browsertest.Start(t)
	capture := captureFile(t, "plain-session")
	p := browser.Open(t, reportPage(t, capture))
	p.Until(loaded)
	dir := t.TempDir()
	p.Call("Browser.grantPermissions", browsertest.Object{"permissions": []string{"clipboardReadWrite", "clipboardSanitizedWrite"}}, nil)
	p.Call("Browser.setDownloadBehavior", browsertest.Object{"behavior": "allow", "downloadPath": dir, "eventsEnabled": true}, nil)
	p.Call("Page.bringToFront", nil, nil)
	p.Click(`#frames-grid .row[aria-rowindex="5"]`)
	p.Until(`document.querySelector('.detail-copy')`)
	for how, want := range map[string]string{"base64": "AAEC/w==", "hex": "00 01 02 ff"} {
		p.Eval(`[...document.querySelectorAll('.detail-copy button')].find((b) => b.textContent === '`+how+`').click()`, nil)
		p.Until(`document.querySelector('#announce').textContent === 'copied the payload as ` + how + `'`)
		if got := p.Text(`navigator.clipboard.readText()`); got != want {
			t.Errorf("copied as %s: %q, want %q", how, got, want)
		}
	}
	for format, args := range map[string][]string{"jsonl": {"-T", "jsonl"}, "har": {"-T", "har"}} {
		p.Click(".export-menu summary")
		p.Until(`document.querySelector('.export-list button')`)
		p.Eval(`[...document.querySelectorAll('.export-list button')].find((b) => b.textContent.toLowerCase().startsWith('`+format+`')).click()`, nil)
		p.Until(`/^exported \d/.test(document.querySelector('#announce').textContent)`)
		p.Click(".export-menu summary")
		got := downloaded(t, filepath.Join(dir, "standard-input."+format))
		cmd := wstap(t, append(args, "-q", "-r", "-")...)
		cmd.Stdin = bytes.NewReader(capture)
		want, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`"type":"frame"`, `"type":"receive"`, `"type":"send"`, "hello yourself", "AAEC/w=="} {
			if n, m := bytes.Count(got, []byte(part)), bytes.Count(want, []byte(part)); n == 0 && m > 0 || strings.HasPrefix(part, `"type"`) && n != m {
				t.Errorf("%s has %d times %s, wstap writes %d: %s", format, n, part, m, got)
			}
		}
		p.Eval(`document.querySelector('#announce').textContent = ''`, nil)
	}
	quiet(t, p)
}

// downloaded is a file once it is whole: until then Chromium writes elsewhere,
// and keeps the name with an empty file.
func downloaded(t *testing.T, name string) []byte {
	t.Helper()
	for range 2000 {
		if b, err := os.ReadFile(name); err == nil && len(b) > 0 {
			return b
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s is not downloaded", name)
	return nil
}
