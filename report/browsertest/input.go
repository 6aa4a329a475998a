package browsertest

import (
	"fmt"
	"strings"
)

// keyCodes are those of keys that are no character (UI Events, legacy keyCode).
var keyCodes = map[string]int{
	"Enter": 13, "Escape": 27, "Tab": 9, "Home": 36, "End": 35, "PageUp": 33, "PageDown": 34,
	"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Backspace": 8, "Delete": 46,
}

// modifiers as the protocol counts them.
var modifiers = map[string]int{"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}

// Press presses and releases keys, one after the other: "j", "End", "Shift+Tab".
func (p *Tab) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		held := 0
		for name, bit := range modifiers {
			if rest, ok := strings.CutPrefix(key, name+"+"); ok && rest != "" {
				held |= bit
				key = rest
			}
		}
		down := Object{"type": "rawKeyDown", "key": key, "modifiers": held, "windowsVirtualKeyCode": keyCodes[key]}
		if keyCodes[key] != 0 {
			down["code"] = key
		}
		if len(key) == 1 {
			down["type"], down["text"] = "keyDown", key
			down["windowsVirtualKeyCode"] = int(strings.ToUpper(key)[0])
		} else if key == "Enter" {
			down["type"], down["text"] = "keyDown", "\r"
		} else if key == "Tab" || key == "Escape" {
			down["type"] = "keyDown"
		}
		p.Call("Input.dispatchKeyEvent", down, nil)
		p.Call("Input.dispatchKeyEvent", Object{"type": "keyUp", "key": key, "modifiers": held, "windowsVirtualKeyCode": down["windowsVirtualKeyCode"]}, nil)
	}
}

// Type puts text where the focus is, as if typed.
func (p *Tab) Type(text string) {
	p.t.Helper()
	p.Call("Input.insertText", Object{"text": text}, nil)
}

// Box is where the element of a selector is.
func (p *Tab) Box(selector string) (x, y, width, height float64) {
	p.t.Helper()
	var b []float64
	p.Eval(fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		if (!e) return null;
		const b = e.getBoundingClientRect();
		return [b.x, b.y, b.width, b.height];
	})()`, selector), &b)
	if len(b) != 4 {
		p.t.Fatalf("nothing is %s", selector)
	}
	return b[0], b[1], b[2], b[3]
}

// Click waits for the element of a selector, brings it into sight and clicks on
// its middle.
func (p *Tab) Click(selector string) {
	p.t.Helper()
	p.Until(fmt.Sprintf("document.querySelector(%q)", selector))
	p.Eval(fmt.Sprintf(`document.querySelector(%q).scrollIntoView({block: 'nearest'})`, selector), nil)
	x, y, width, height := p.Box(selector)
	p.Mouse("mousePressed", x+width/2, y+height/2)
	p.Mouse("mouseReleased", x+width/2, y+height/2)
}

// Drag presses at one place and releases at another.
func (p *Tab) Drag(x, y, toX, toY float64) {
	p.t.Helper()
	p.Mouse("mousePressed", x, y)
	const steps = 8
	for k := range steps {
		part := float64(k+1) / steps
		p.Mouse("mouseMoved", x+(toX-x)*part, y+(toY-y)*part)
	}
	p.Mouse("mouseReleased", toX, toY)
}

// Mouse sends "mousePressed", "mouseMoved" or "mouseReleased" of the left button.
func (p *Tab) Mouse(what string, x, y float64) {
	p.t.Helper()
	p.Call("Input.dispatchMouseEvent", Object{"type": what, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}, nil)
}

// Wheel turns the wheel by so many pixels there.
func (p *Tab) Wheel(x, y, delta float64) {
	p.t.Helper()
	p.Call("Input.dispatchMouseEvent", Object{"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": delta}, nil)
}
