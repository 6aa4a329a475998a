package report

import (
	"fmt"

	"wstap/reassembly"
	"wstap/wsframe"
)

// Remark says in a line of plain words what is the matter at e: a gap, a
// violation, a refused upgrade, a frame found again, a message that is not
// whole, an end. It is "" where nothing is. It may quote what a peer sent, as it
// was sent: who writes it out escapes it as the format asks.
func Remark(e wsframe.Event) string {
	switch e := e.(type) {
	case *wsframe.Opened:
		return remarkOpened(e.M.Conn)
	case *wsframe.Gap:
		return remarkGap(e)
	case *wsframe.Violation:
		return remarkViolation(e)
	case *wsframe.Frame:
		if e.Certainty == wsframe.Resynced {
			return fmt.Sprintf("resynced: this %s frame of the %s was found again behind a gap", wsframe.OpcodeName(e.Opcode), e.From)
		}
	case *wsframe.Message:
		if !e.Complete {
			return fmt.Sprintf("message from the %s is not whole: %s", e.From, e.Why)
		}
	case *wsframe.Closed:
		return remarkClosed(e)
	}
	return ""
}

func remarkOpened(c *wsframe.Conn) string {
	switch {
	case c.Via == "midstream":
		return "mid-stream: the upgrade was not captured, frames are recognized by their headers"
	case c.Upgraded:
		return ""
	case c.Status == 0:
		return "upgrade not answered"
	}
	s := fmt.Sprintf("upgrade refused with status %d", c.Status)
	if c.Body != "" {
		s += ": " + c.Body
	}
	return s
}

func remarkGap(e *wsframe.Gap) string {
	s := "gap: " + Count(uint64(e.Bytes), "byte") + " from the " + e.From.String()
	switch e.Cause {
	case reassembly.Truncated:
		return s + " cut by the snapshot length: capture again with -s 0"
	case reassembly.Acked:
		return s + " never captured, though the " + e.From.Reverse().String() + " acknowledged them"
	case reassembly.Closed:
		return s + " never captured before the end of the connection"
	}
	return s + " not captured within the bounds of reassembly"
}

func remarkViolation(e *wsframe.Violation) string {
	s := fmt.Sprintf("violation by the %s of RFC %s: %s", e.From, e.Rule.RFC, e.Rule.Text)
	if e.Expected != "" {
		s += "; expected " + e.Expected
	}
	if e.Found != "" {
		s += "; found " + e.Found
	}
	return s
}

func remarkClosed(e *wsframe.Closed) string {
	switch e.How {
	case "close frame":
		return "closed by the " + e.By + " with " + CloseText(e.Code, e.Reason)
	case "fin":
		return "closed by the " + e.By + " with FIN, without a Close frame"
	case "rst":
		return "reset by the " + e.By + " with RST, without a Close frame"
	case "timeout":
		return "given up: nothing seen for too long"
	case "capture ended":
		return "still open when the capture ended"
	}
	return "ended: " + e.How
}

// CloseText is a close code with its name, and the reason: `1000 normal closure
// "bye"`.
func CloseText(code uint16, reason string) string {
	s := fmt.Sprint(code)
	if name := wsframe.CloseCodeName(code); name != "" {
		s += " " + name
	}
	if reason != "" {
		s += ` "` + reason + `"`
	}
	return s
}
