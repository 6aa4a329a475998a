package diagnose

import "wstap/report"

// Code is one kind of finding. The codes stand by weight: what keeps a
// connection from coming up first.
type Code uint8

// The codes.
const (
	PortClosed Code = iota
	HostUnreachable
	PortFiltered
	HandshakeHalf
	SchemeMismatch
	TLSFailed
	NoResponse
	UpgradeStripped
	UpgradeRefused
	UpgradeInvalid
	SubprotocolMismatch
	ProtocolError
	ClosedWithError
	ExpectationMissed
	IdleCut
	PongMissing
	AbnormalClose
	Silent
	OneWayCapture
	CaptureTruncated
	CaptureLoss
	TLSNoKey
	JoinedMidstream
	NoWebSocket

	codes
)

// codeFacts are what is always the same about a code.
type codeFacts struct {
	slug     string
	severity report.Severity
	outcome  string // what became of the connection, behind a count
	advice   string // what to check next
}

var facts = [codes]codeFacts{
	PortClosed: {"port-closed", report.Error, "refused by RST",
		"Is the server running, and does it listen on this port and address (ss -ltn on the server)? A firewall that rejects with tcp-reset looks the same."},
	HostUnreachable: {"host-unreachable", report.Error, "unreachable",
		"Check address, routing and firewall between the two: the ICMP error names who could not deliver the packet."},
	PortFiltered: {"port-filtered", report.Error, "without an answer to SYN",
		"Look for a firewall or security group that drops the port, a wrong address, or a server that is down; capture at the server to see whether the SYN arrives there."},
	HandshakeHalf: {"handshake-half", report.Error, "stuck in the TCP handshake",
		"The way from server to client is what to check: a firewall, asymmetric routing or a NAT that lost the SYN-ACK. Capture at the client to see whether it arrives."},
	SchemeMismatch: {"scheme-mismatch", report.Error, "with the wrong scheme",
		"Use wss:// for a port that speaks TLS and ws:// for one that does not, and check where a proxy ends TLS."},
	TLSFailed: {"tls-failed", report.Error, "failed in TLS",
		"Check the certificate (names, dates, chain, who trusts it), the protocol versions and ciphers of both ends, and what stands between them."},
	NoResponse: {"no-response", report.Error, "never answered",
		"Look at the server behind the port: is it busy or stuck, does the path exist, does a proxy wait for its backend? Its log shows whether the request arrived."},
	UpgradeStripped: {"upgrade-stripped", report.Error, "stripped of the upgrade",
		"Let the proxy pass the upgrade on. nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"."},
	UpgradeRefused: {"upgrade-refused", report.Error, "refused",
		"Read the status and who sent it: path, origin, credentials or a proxy's rule. The log of the one that answered tells why."},
	UpgradeInvalid: {"upgrade-invalid", report.Error, "with an invalid answer",
		"A browser closes the connection on such an answer. Check the server's WebSocket library, and proxies that keep or rewrite the answer."},
	SubprotocolMismatch: {"subprotocol-mismatch", report.Error, "with a subprotocol that was not offered",
		"A browser closes the connection on such an answer. Let the server choose one of the subprotocols that the client offers, or none."},
	ProtocolError: {"protocol-error", report.Error, "broken by a protocol error",
		"Check the WebSocket library of the end that broke the rule, and anything between that rewrites the stream."},
	ClosedWithError: {"closed-with-error", report.Error, "closed with an error",
		"Search the log of the end that closed for the code and reason."},
	ExpectationMissed: {"expectation-missed", report.Error, "without an expected message",
		"Find out which end should have sent it, and what it waits for: the last message before it is the clue."},
	IdleCut: {"idle-cut", report.Warning, "cut when idle",
		"Something on the way ends idle connections: raise its timeout (nginx: proxy_read_timeout, AWS ALB: idle timeout), or let an end ping more often than that."},
	PongMissing: {"pong-missing", report.Warning, "with pings unanswered",
		"The end that was asked is gone, stuck, or cut off: check its process, and the network from there back."},
	AbnormalClose: {"abnormal-close", report.Warning, "closed without a Close frame",
		"A browser reports 1006. Look for a crash, a restart or a kill of the end that closed, or for a proxy between."},
	Silent: {"silent", report.Warning, "silent",
		"Both ends wait. Which of them has to speak first? Look at the application behind the end that should have."},
	OneWayCapture: {"one-way-capture", report.Warning, "captured one way only",
		"Capture where both directions pass: at one of the ends, or with the mirror port set to both directions. Nothing can be said of the other one."},
	CaptureTruncated: {"capture-truncated", report.Warning, "truncated",
		"Capture again with -s 0: the packets were there and were cut."},
	CaptureLoss: {"capture-loss", report.Warning, "captured with losses",
		"The network delivered what the capture has lost. Capture again with a larger buffer (-B 256) and a filter (-f), or closer to an end."},
	TLSNoKey: {"tls-no-key", report.Note, "encrypted",
		"Give the keys with --keylog FILE (browsers and curl write it where SSLKEYLOGFILE is set), or capture behind the proxy that ends TLS."},
	JoinedMidstream: {"joined-midstream", report.Note, "joined mid-stream",
		"Start the capture before the connection is made to see its handshake."},
	NoWebSocket: {"no-websocket", report.Note, "",
		"Check interface, capture filter and port, and that the client connects while the capture runs."},
}

// String is the code's slug.
func (c Code) String() string { return facts[c].slug }

// Severity is the code's; of ClosedWithError, that of the codes 1002 to 1015.
func (c Code) Severity() report.Severity { return facts[c].severity }

// Codes are all codes by weight.
func Codes() []Code {
	all := make([]Code, codes)
	for i := range all {
		all[i] = Code(i)
	}
	return all
}

// ParseCode finds a code by its slug.
func ParseCode(slug string) (c Code, ok bool) {
	for c := range codes {
		if facts[c].slug == slug {
			return c, true
		}
	}
	return 0, false
}

// Advice is what to check next.
func (c Code) Advice() string { return facts[c].advice }
