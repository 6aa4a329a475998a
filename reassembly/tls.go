package reassembly

import "wstap/capture"

// TLSInfo says what is known of the TLS connection that a stream carries
// (RFC 8446, RFC 5246). Package decrypt keeps it up to date while the stream
// lasts; the floors above read it. It never holds a secret.
type TLSInfo struct {
	// Version is what was negotiated, "TLS 1.3"; "" where it is not known.
	Version string
	// Cipher is the suite's name in the IANA registry, or its number in hex.
	Cipher string
	// SNI is the server's name as the client asked for it (RFC 6066, 3).
	SNI string
	// ALPN is the protocol that the server chose (RFC 7301). In TLS 1.3 it is
	// encrypted, so that it is known with a key only.
	ALPN string
	// Offered are the protocols that the client offered, in its order.
	Offered []string
	// ClientRandom is the ClientHello's random in lower-case hex, by which key
	// logs name a connection; "" where the ClientHello was not captured.
	ClientRandom string
	// Keyed is true once a record could be opened with a key, Decrypted once
	// application data could be read.
	Keyed, Decrypted bool
	// State says in words how far decryption came and what stood in its way.
	State string
	// ClientHello and ServerHello are the packets that completed these
	// messages; zero where not seen.
	ClientHello, ServerHello capture.Stamp
	// Alert is the last alert but close_notify that could be read, by its name
	// in RFC 8446, 6; AlertFrom sent it in packet AlertAt.
	Alert     string
	AlertFrom Direction
	AlertAt   capture.Stamp
}

// EncryptedHandler is a Handler that also wants to know of streams of whose TLS
// no application data could be read. Encrypted is called once, when the stream has ended,
// before Close where Open was called at all (for what came before TLS in a
// tunnel). s.TLS says what stood in the way.
type EncryptedHandler interface {
	Encrypted(s *Stream, why Reason, at capture.Stamp) error
}
