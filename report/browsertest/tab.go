package browsertest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/websocket"
)

// Tab is a page of a browser. Its methods fail the test where Chromium refuses.
type Tab struct {
	t       testing.TB
	browser *Browser
	conn    *websocket.Conn
	over    chan struct{} // closed when the connection is

	mu         sync.Mutex
	last       int // number of the latest call
	answers    map[int]chan answer
	events     []Event
	complaints []string
	requests   []string
}

// Event is what Chromium told without being asked.
type Event struct {
	Method string
	Params json.RawMessage
}

type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// read takes what Chromium sends, until the connection ends.
func (p *Tab) read() {
	defer close(p.over)
	for {
		var m struct {
			ID int
			answer
			Event
		}
		if err := websocket.JSON.Receive(p.conn, &m); err != nil {
			return
		}
		p.mu.Lock()
		if c := p.answers[m.ID]; m.ID != 0 && c != nil {
			delete(p.answers, m.ID)
			c <- m.answer
		} else if m.ID == 0 {
			p.hear(m.Event)
		}
		p.mu.Unlock()
	}
}

// hear keeps what is asked for later; p.mu is held.
func (p *Tab) hear(e Event) {
	complain := func() { p.complaints = append(p.complaints, e.Method+" "+string(e.Params)) }
	switch e.Method {
	case "Runtime.exceptionThrown", "Audits.issueAdded", "Page.javascriptDialogOpening", "Inspector.targetCrashed":
		complain()
	case "Runtime.consoleAPICalled", "Log.entryAdded":
		for _, level := range []string{`"error"`, `"warning"`, `"assert"`} {
			if strings.Contains(string(e.Params), level) {
				complain()
				break
			}
		}
	case "Network.requestWillBeSent":
		var r struct{ Request struct{ URL string } }
		json.Unmarshal(e.Params, &r) // what it is not has no address
		p.requests = append(p.requests, r.Request.URL)
	}
	if strings.HasPrefix(e.Method, "Network.webSocket") || strings.HasPrefix(e.Method, "Browser.download") {
		p.events = append(p.events, e)
	}
}

// Complaints are the errors and warnings of the console, exceptions, violations
// of the content security policy, dialogs and issues since the tab was made.
func (p *Tab) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.complaints...)
}

// Forget forgets the complaints, where a test caused them.
func (p *Tab) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = nil
}

// Requests are the addresses that were asked for since the tab was made.
func (p *Tab) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

// Events are those of WebSocket connections and downloads since the tab was made.
func (p *Tab) Events() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Event(nil), p.events...)
}

// try calls a method of the protocol.
func (p *Tab) try(method string, params, result any) error {
	if params == nil {
		params = struct{}{}
	}
	c := make(chan answer, 1)
	p.mu.Lock()
	p.last++
	id := p.last
	p.answers[id] = c
	p.mu.Unlock()
	if err := websocket.JSON.Send(p.conn, map[string]any{"id": id, "method": method, "params": params}); err != nil {
		return err
	}
	ctx, cancel := bounded(p.t)
	defer cancel()
	select {
	case a := <-c:
		if a.Error != nil {
			return fmt.Errorf("%s: %s", method, a.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(a.Result, result)
	case <-p.over:
		return fmt.Errorf("%s: the tab is gone", method)
	case <-ctx.Done():
		return fmt.Errorf("%s: no answer within %v", method, patience)
	}
}

// Call calls a method of the protocol. Params and result may be nil.
func (p *Tab) Call(method string, params, result any) {
	p.t.Helper()
	if err := p.try(method, params, result); err != nil {
		p.t.Fatal(err)
	}
}

// Object is a JSON object, for parameters.
type Object = map[string]any

// Go loads the address, and waits until its document and its modules have run.
func (p *Tab) Go(address string) {
	p.t.Helper()
	var r struct{ ErrorText string }
	p.Call("Page.navigate", Object{"url": address}, &r)
	if r.ErrorText != "" {
		p.t.Fatalf("%s: %s", address, r.ErrorText)
	}
	p.Until(`document.readyState === 'complete' && location.href !== 'about:blank'`)
}

// Reload loads the page again, as a person does.
func (p *Tab) Reload() {
	p.t.Helper()
	p.Eval(`window.beforeReload = true`, nil)
	p.Call("Page.reload", nil, nil)
	p.Until(`!window.beforeReload && document.readyState === 'complete'`)
}

// Eval evaluates an expression, waits for it if it is a promise, and puts its
// value into result, unless that is nil.
func (p *Tab) Eval(expression string, result any) {
	p.t.Helper()
	if err := p.eval(expression, result); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
}

func (p *Tab) eval(expression string, result any) error {
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	err := p.try("Runtime.evaluate", Object{
		"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true,
	}, &r)
	if err == nil && r.ExceptionDetails != nil {
		err = fmt.Errorf("%s", r.ExceptionDetails)
	}
	if err != nil || result == nil || r.Result.Value == nil {
		return err
	}
	return json.Unmarshal(r.Result.Value, result)
}

// Text is an expression's value as text.
func (p *Tab) Text(expression string) string {
	p.t.Helper()
	var v any
	p.Eval(expression, &v)
	return fmt.Sprint(v)
}

// waiting is how Until looks: in the page, each few milliseconds.
const waiting = `new Promise((resolve) => {
	const look = () => {
		let now = false;
		try { now = !!(%s); } catch (fault) {}
		if (now) resolve(true); else setTimeout(look, 5);
	};
	look();
})`

// Until waits until an expression is true, also over a page that is left.
func (p *Tab) Until(expression string) {
	p.t.Helper()
	var err error
	for range 20 { // a page that was left takes what was asked with it
		if err = p.eval(fmt.Sprintf(waiting, expression), nil); err == nil {
			return
		}
		if s := err.Error(); !strings.Contains(s, "context") && !strings.Contains(s, "navigated") {
			break
		}
	}
	p.t.Fatalf("waited for %s: %v; the page says %s; complaints %v", expression, err, p.Text(`document.body.innerText.replace(/\s+/g, " ").slice(0, 300)`), p.Complaints())
}

// Becomes waits until an expression's value, as text, is the wanted one.
func (p *Tab) Becomes(expression, want string) {
	p.t.Helper()
	if err := p.eval(fmt.Sprintf(waiting, fmt.Sprintf("String(%s) === %q", expression, want)), nil); err != nil {
		p.t.Fatalf("%s stays %q, want %q: %v; complaints %v", expression, p.Text(expression), want, err, p.Complaints())
	}
}

// Screenshot is what the tab shows, as PNG.
func (p *Tab) Screenshot() []byte {
	p.t.Helper()
	var r struct{ Data string }
	p.Call("Page.captureScreenshot", Object{"format": "png"}, &r)
	b, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

// Size makes the tab that large, in CSS pixels; below 500 wide it is a phone.
func (p *Tab) Size(width, height int) {
	p.t.Helper()
	p.Call("Emulation.setDeviceMetricsOverride", Object{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
}

// Media emulates a medium, "screen" or "print", and a color scheme.
func (p *Tab) Media(medium, scheme string) {
	p.t.Helper()
	p.Call("Emulation.setEmulatedMedia", Object{
		"media": medium, "features": []Object{{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}
