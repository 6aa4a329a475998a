package har

import (
	"strconv"
	"time"
	"unicode/utf8"

	"wstap/report"
	"wstap/report/redact"
	"wstap/wsframe"
)

// errorOpcode is what developer tools give a row of type "error".
const errorOpcode = -1

// message adds the rows of a message.
func (w *Writer) message(n *entry, m *wsframe.Message) {
	if m.Why != wsframe.ContextLost { // what inflates with a wrong window is a guess
		w.row(n, m.From, &m.M, m.Opcode, m.Payload)
	}
	if !m.Complete {
		w.remark(n, &m.M, report.Remark(m))
	}
}

// control adds the row of a control frame.
func (w *Writer) control(n *entry, f *wsframe.Frame) {
	if f.Opcode != wsframe.OpClose {
		w.row(n, f.From, &f.M, f.Opcode, f.Payload)
		return
	}
	text := "Close frame from the " + f.From.String()
	if f.Code != 0 {
		text += ": " + report.CloseText(f.Code, string(f.Reason))
	} else {
		text += " without a code"
	}
	n.closing = w.remark(n, &f.M, text) || n.closing
}

// closed adds the row of the connection's end, beyond any limit, unless the rows
// of Close frames have told it.
func (w *Writer) closed(n *entry, e *wsframe.Closed) {
	if n.closing && e.How == "close frame" {
		return
	}
	w.add(n, "error", e.M.Time, errorOpcode, w.clean([]byte(report.Remark(e))))
}

// remark adds an error row, if there is room for it.
func (w *Writer) remark(n *entry, m *wsframe.Meta, text string) bool {
	return w.room(n, len(text)) && w.add(n, "error", m.Time, errorOpcode, w.clean([]byte(text)))
}

// row adds a row with a payload: text as it is, all else in base64.
func (w *Writer) row(n *entry, from wsframe.Direction, m *wsframe.Meta, op wsframe.Opcode, payload []byte) {
	if !w.room(n, w.opts.Payload.Cut(len(payload))) {
		return
	}
	kind := "send"
	if from == wsframe.FromServer {
		kind = "receive"
	}
	if op == wsframe.OpText {
		payload = w.clean(payload) // first, so that the cut leaves no half of a secret
	}
	if size := w.opts.Payload.Cut(len(payload)); size < len(payload) {
		n.cut++
		for op == wsframe.OpText && size > 0 && !utf8.RuneStart(payload[size]) {
			size--
		}
		payload = payload[:size]
	}
	w.add(n, kind, m.Time, int(op), payload)
}

// room reports whether n may have one more row, of a payload of size bytes, and
// counts it as left out otherwise.
func (w *Writer) room(n *entry, size int) bool {
	if n.shown < w.opts.Rows && w.kept+size <= w.limit {
		n.shown++
		return true
	}
	n.left++
	return false
}

// add appends a row to n.
func (w *Writer) add(n *entry, kind string, at time.Time, opcode int, data []byte) bool {
	b := n.rows
	before := len(b)
	if before > 0 {
		b = append(b, ',')
	}
	b = append(append(b, `{"type":"`...), kind...)
	b = append(b, `","time":`...)
	b = appendSeconds(b, at)
	b = append(b, `,"opcode":`...)
	b = strconv.AppendInt(b, int64(opcode), 10)
	b = append(b, `,"data":`...)
	if opcode == int(wsframe.OpText) || opcode == errorOpcode {
		b = report.AppendJSON(b, data)
	} else {
		b = appendBase64(b, data)
	}
	n.rows = append(b, '}')
	w.kept += len(n.rows) - before
	return true
}

// clean takes the secrets out of text, unless they are wanted.
func (w *Writer) clean(text []byte) []byte {
	if w.opts.Secrets {
		return text
	}
	out, count := redact.Text(text)
	w.redacted += count
	return out
}

// appendSeconds appends seconds since 1970 with microseconds: developer tools
// read a float, which holds no more.
func appendSeconds(b []byte, at time.Time) []byte {
	if at.IsZero() {
		return append(b, '0')
	}
	us := at.UnixMicro()
	if us < 0 {
		return append(b, '0')
	}
	b = strconv.AppendInt(b, us/1e6, 10)
	frac := strconv.AppendInt(nil, 1e6+us%1e6, 10)
	frac[0] = '.'
	return append(b, frac...)
}
