package report

import (
	"net/netip"

	"wstap/capture"
	"wstap/wsframe"
)

// Severity says how bad a Finding is.
type Severity uint8

// The severities, by weight.
const (
	Note    Severity = iota // worth knowing
	Warning                 // it works, or the capture can't tell
	Error                   // it did not come up, or broke
)

// String is the word that the event stream uses.
func (s Severity) String() string {
	return [...]string{"note", "warning", "error"}[s]
}

// Finding is what a diagnosis has found, as often as it was found: what has
// the same Code, Server and cause is one Finding. M is the stamp of the last
// evidence; M.Conn is set where it concerns one WebSocket connection.
type Finding struct {
	M        wsframe.Meta
	Severity Severity
	Code     string // a slug, "port-closed"
	// Client is one of the clients concerned, the first; Server the server. Either
	// may be the zero value, where it concerns the capture as a whole.
	Client, Server netip.AddrPort
	Count          uint64        // occurrences
	First          capture.Stamp // the first evidence
	// Packets are the first packets that show it, in order, and Streams the
	// conversations that they are of, by Wireshark's tcp.stream.
	Packets []uint64
	Streams []uint64
	// Text says what was found and what it means, Advice what to check next.
	// Both may quote what a peer sent: escape them before they reach a terminal.
	Text, Advice string
	// Early is true while the capture goes on: the Finding is told again, with
	// all its occurrences, when that has ended.
	Early bool
}

// Verdict is what a diagnosis comes to.
type Verdict struct {
	M wsframe.Meta
	// Text is the whole in one sentence, Servers a sentence for each server.
	Text    string
	Servers []ServerVerdict
	// Paths are the steps that single connections came through.
	Paths []Path
	// Untold counts what was found beyond the bound on findings.
	Untold uint64
}

// ServerVerdict is the verdict on one server's port.
type ServerVerdict struct {
	Server netip.AddrPort
	Text   string
	// Connections counts what was tried, Healthy those without a fault.
	Connections, Healthy uint64
}

// Path is a connection's way from the first packet to its end.
type Path struct {
	Client, Server netip.AddrPort
	Stream         uint64 // tcp.stream
	Conn           int    // number of the WebSocket connection; 0 if it came to none
	URL            string // as asked for; "" where not seen
	Steps          []Step
}

// Step is one step of a Path.
type Step struct {
	Name  string
	State StepState
	At    capture.Stamp // zero where it was not reached
	Note  string        // times, words, why it is unknown
}

// StepState says what became of a Step.
type StepState uint8

// The states.
const (
	Reached StepState = iota
	Slow
	Failed
	Unknown // the capture can't tell
)

// String is the word that the event stream uses.
func (s StepState) String() string {
	return [...]string{"reached", "slow", "failed", "unknown"}[s]
}

// Meta implements wsframe.Event.
func (e *Finding) Meta() *wsframe.Meta { return &e.M }

// Meta implements wsframe.Event.
func (e *Verdict) Meta() *wsframe.Meta { return &e.M }
