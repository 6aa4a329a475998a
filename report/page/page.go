// Package page makes what the HTML page shows: it turns events into batches of
// rows (binary, by columns) and an index (JSON) of connections, findings and
// totals, and holds the page's own style sheet and modules. Package html writes
// all of it into one file; package web serves it live. docs/page.md describes
// the formats.
package page

import (
	"wstap/report"
)

// Options shape what an Encoder makes.
type Options struct {
	// Version is that of the program.
	Version string
	// Name is the file or interface that is read, Kind "file" or "live".
	Name, Kind string
	// Payload bounds the bytes kept of each payload; the zero Limit keeps 64 KiB.
	Payload report.Limit
	// Secrets leaves in what is redacted otherwise, see package redact.
	Secrets bool
}

// defaultPayload is how many bytes of a payload are kept unless told otherwise.
const defaultPayload = 64 << 10

// Kind says what a row tells.
type Kind uint8

// The kinds of rows.
const (
	KindFrame     Kind = iota
	KindOpened         // upgraded, refused or joined mid-stream
	KindGap            // bytes never captured
	KindViolation      // of the frame row before it, or of the upgrade
	KindClosed         // the connection's end
	KindEncrypted      // a TLS stream that could not be read
	KindMessage        // one that no frame completed: it was broken off
	KindFinding        // told early, while the capture goes on
)

// The bits of a row.
const (
	bitServer     = 1 << iota // sent by the server
	bitFin                    // FIN (RFC 6455, 5.2)
	bitMasked                 // masked: the key is in its column
	bitCompletes              // the frame completes a message
	bitCompressed             // that message was compressed
	bitIncomplete             // something is missing of that message
	bitCut                    // the payload was cut by Options.Payload
	bitDetail                 // the row has an object among the details
)

// Bounds of a batch, and of what is kept for the index.
const (
	maxRows        = 32768
	maxBatchBytes  = 1 << 20 // of payloads and details, but for the last row
	maxStrings     = 4096
	maxConnections = 65536
	maxHeadBytes   = 32 << 20 // of the header fields of the connections kept
	maxFindings    = 4096
)
