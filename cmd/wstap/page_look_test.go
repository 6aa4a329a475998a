package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"wstap/report/browsertest"
)

// measure finds what is wrong with how a page looks: text that stands out of
// the page to the side, or has less contrast to its ground than 4.5 to 1 (WCAG
// 2.2, 1.4.3).
const measure = `(() => {
	const faults = [];
	const root = document.documentElement;
	if (root.scrollWidth > root.clientWidth || document.body.scrollWidth > document.body.clientWidth) faults.push('the page is ' + root.scrollWidth + ' px wide in ' + root.clientWidth);
	const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
	const rgba = (color) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
		return [r, g, b, a / 255];
	};
	const over = (top, under) => [0, 1, 2].map((k) => top[k] * top[3] + under[k] * (1 - top[3])).concat(1);
	const ground = (e) => {
		const own = rgba(getComputedStyle(e).backgroundColor);
		return own[3] === 1 || !e.parentElement ? own[3] === 1 ? own : over(own, rgba(getComputedStyle(document.body).backgroundColor)) : over(own, ground(e.parentElement));
	};
	const luminance = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
	const told = new Set();
	let texts = 0;
	for (const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walker.nextNode();) {
		const e = walker.currentNode.parentElement;
		const style = getComputedStyle(e);
		if (!walker.currentNode.textContent.trim() || !e.checkVisibility({visibilityProperty: true}) || e.closest('script, noscript, style')) continue;
		texts++;
		const back = ground(e);
		const [a, b] = [luminance(over(rgba(style.color), back)), luminance(back)].sort((x, y) => y - x);
		const contrast = (a + 0.05) / (b + 0.05);
		const name = e.tagName + '.' + e.className + ' in ' + (e.closest('[id]') || e).id;
		if (contrast < 4.5 && !told.has(name)) faults.push('contrast ' + contrast.toFixed(2) + ' of ' + name + ': ' + walker.currentNode.textContent.slice(0, 40));
		told.add(name);
	}
	if (texts < 40) faults.push('only ' + texts + ' texts were seen');
	return faults;
})()`

// looks are the captures that are looked at: good, bad, and very bad.
var looks = []string{"signalling-session", "violation-mask-missing", "lost-inside-payload", "port-closed"}

// TestPageFits any screen, and can be read in both themes.
func TestPageFits(t *testing.T) {
	browser := browsertest.Start(t)
	for _, name := range looks {
		p := browser.Open(t, reportPage(t, captureFile(t, name)))
		p.Until(loaded)
		for _, width := range []int{360, 1400, 3840} {
			p.Size(width, map[bool]int{true: 740, false: 900}[width == 360])
			for _, scheme := range []string{"light", "dark"} {
				p.Media("screen", scheme)
				for _, state := range []string{"", "#conn=1&row=1", "#filter=frame.number%3D"} {
					p.Eval(fmt.Sprintf(`location.hash = %q || '#'`, state), nil)
					p.Eval(settled, nil)
					p.Eval(settled, nil)
					var faults []string
					p.Eval(measure, &faults)
					for _, f := range faults {
						t.Errorf("%s, %d px, %s, %q: %s", name, width, scheme, state, f)
					}
				}
			}
		}
		quiet(t, p)
	}
}

// TestPageThemeButton changes the colors against the system's, and keeps them.
func TestPageThemeButton(t *testing.T) {
	browser := browsertest.Start(t)
	p := browser.Open(t, reportPage(t, captureFile(t, "plain-session")))
	p.Until(loaded)
	p.Media("screen", "light")
	dark := `getComputedStyle(document.querySelector('#frames')).backgroundColor`
	before := p.Text(dark)
	p.Click("#theme")
	p.Becomes(`document.querySelector('#theme').textContent`, "Theme: dark")
	if p.Text(dark) == before {
		t.Error("the button changes nothing")
	}
	p.Click("#theme")
	p.Click("#theme")
	p.Becomes(`document.querySelector('#theme').textContent`, "Theme: system")
	same(t, p, "color", dark, before)
	quiet(t, p)
}

// TestPageIsReadOut: who does not see the page has names for all that can be
// worked with, and knows how many rows there are.
func TestPageIsReadOut(t *testing.T) {
	browser := browsertest.Start(t)
	p := browser.Open(t, reportPage(t, session(t, 3000)))
	p.Until(loaded)
	p.Press("f", "j", "j")
	p.Until(`document.querySelector('#detail [role=tab]')`)
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value any }
			Properties []struct {
				Name  string
				Value struct{ Value any }
			}
		}
	}
	p.Call("Accessibility.getFullAXTree", nil, &tree)
	count := map[string]int{}
	names := map[string]bool{}
	for _, n := range tree.Nodes {
		if n.Ignored {
			continue
		}
		role, name := fmt.Sprint(n.Role.Value), strings.TrimSpace(fmt.Sprint(n.Name.Value))
		count[role]++
		names[role+" "+name] = true
		switch role {
		case "button", "tab", "slider", "searchbox", "grid", "link", "progressbar", "dialog", "columnheader", "tabpanel", "image":
			if name == "" {
				t.Errorf("a %s has no name", role)
			}
		}
	}
	for _, want := range []string{
		"grid Frames", "grid Connections", "slider Start of the time range", "button Close the detail", "searchbox Filter",
		"heading wstap", "complementary Detail", "region Verdict", "tab JSON", "columnheader Direction",
	} {
		if !names[want] {
			t.Errorf("nothing is %s", want)
		}
	}
	for _, role := range []string{"row", "gridcell", "tablist", "status", "main", "banner"} {
		if count[role] == 0 {
			t.Errorf("nothing has the role %s", role)
		}
	}
	same(t, p, "rows", `document.querySelector('#frames-grid').getAttribute('aria-rowcount')`, "3003")
	same(t, p, "columns", `document.querySelector('#frames-grid').getAttribute('aria-colcount')`, "7")
	same(t, p, "the active row", `document.getElementById(document.querySelector('#frames-grid').getAttribute('aria-activedescendant')).getAttribute('aria-rowindex')`, "3")
	// Rows stand in the document as one sees them.
	same(t, p, "order", `[...document.querySelectorAll('#frames-grid .scroller .row')].every((e, k, all) => k === 0 || Number(e.getAttribute('aria-rowindex')) === Number(all[k - 1].getAttribute('aria-rowindex')) + 1)`, "true")
	quiet(t, p)
}

// TestPageIsPrinted with the verdict first, and rows as a table.
func TestPageIsPrinted(t *testing.T) {
	browser := browsertest.Start(t)
	p := browser.Open(t, reportPage(t, captureFile(t, "violation-mask-missing")))
	p.Until(loaded)
	p.Eval(`dispatchEvent(new Event('beforeprint'))`, nil)
	p.Media("print", "dark")
	var shown []string
	p.Eval(`[...document.querySelectorAll('body > *')].filter((e) => e.checkVisibility() && e.getBoundingClientRect().height > 2).map((e) => [e.getBoundingClientRect().top, e.id || e.tagName]).sort((a, b) => a[0] - b[0]).map((e) => e[1])`, &shown)
	if got, want := strings.Join(shown, " "), "HEADER verdict overview print"; got != want && got != "verdict HEADER overview print" {
		t.Errorf("printed are %s, want %s", got, want)
	}
	same(t, p, "rows", `document.querySelectorAll('#print tr').length > 4`, "true")
	p.Media("screen", "dark")
	p.Eval(`dispatchEvent(new Event('afterprint'))`, nil)
	same(t, p, "afterwards", `document.querySelector('#print').childElementCount`, "0")
	var pdf struct{ Data json.RawMessage }
	p.Call("Page.printToPDF", nil, &pdf)
	if len(pdf.Data) < 10000 {
		t.Errorf("the PDF has %d bytes", len(pdf.Data))
	}
	quiet(t, p)
}
