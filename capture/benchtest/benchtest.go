// Package benchtest writes the captures that speed is measured with: pcap files
// of any size, the same bytes for the same options, with the truth about the
// WebSocket traffic in them.
//
// All is in order and complete. What the profiles have in common: Ethernet,
// IPv4 and TCP with timestamps and right checksums; delayed acknowledgments;
// upgrades at the beginning and closing handshakes at the end.
package benchtest

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
)

// Version changes with the bytes that are written, so that files of an older
// generator are told from those of this one.
const Version = 1

// Profile is a kind of traffic.
type Profile string

// The profiles.
const (
	// Small is JSON text of 20 to 120 bytes in both directions, as of
	// signaling, chat and trading feeds.
	Small Profile = "small"
	// Bulk is binary frames of 4 to 64 KiB over segments of the MSS or, on
	// every fourth connection, as joined by receive offload.
	Bulk Profile = "bulk"
	// Deflate is JSON of 0.5 to 2 KB through permessage-deflate (RFC 7692)
	// with context takeover, in both directions.
	Deflate Profile = "deflate"
	// Mixed is Small in 2 % of the packets, among HTTP, TLS and UDP.
	Mixed Profile = "mixed"
	// Idle is connections that are upgraded and then silent to the end.
	Idle Profile = "idle"
)

// profiles are what writes each, and how many WebSocket connections it has.
var profiles = map[Profile]struct {
	write       func(*generator)
	connections int
}{
	Small:   {(*generator).small, 500},
	Bulk:    {(*generator).bulk, 50},
	Deflate: {(*generator).deflate, 500},
	Mixed:   {(*generator).mixed, 50},
	Idle:    {(*generator).idle, 100_000},
}

// Options say what to write.
type Options struct {
	Profile Profile `json:"profile"`
	// Bytes is about how large the capture gets. Idle ends with its last
	// connection instead.
	Bytes int64 `json:"bytes"`
	// Connections is the number of WebSocket connections, up to 4 million; 0
	// stands for the profile's own.
	Connections int    `json:"connections"`
	Seed        uint64 `json:"seed"`
}

// Truth is what a capture holds.
type Truth struct {
	Options
	Version int `json:"version"`
	// Packets counts all packets, WebSocketPackets those of connections that
	// were upgraded, from SYN to the last acknowledgment.
	Packets          uint64 `json:"packets"`
	WebSocketPackets uint64 `json:"websocket_packets"`
	// Frames counts all frames, Messages those of opcode 1 and 2: none is
	// fragmented.
	Frames   uint64 `json:"frames"`
	Messages uint64 `json:"messages"`
	// PayloadBytes are those of all frames as transferred, MessageBytes those
	// of all messages, inflated.
	PayloadBytes uint64 `json:"payload_bytes"`
	MessageBytes uint64 `json:"message_bytes"`
}

// Write writes the capture that o describes to w.
func Write(w io.Writer, o Options) (Truth, error) {
	p, ok := profiles[o.Profile]
	if !ok {
		var names []string
		for name := range profiles {
			names = append(names, string(name))
		}
		slices.Sort(names)
		return Truth{}, fmt.Errorf("no profile %q: there are %s", o.Profile, strings.Join(names, ", "))
	}
	if o.Connections == 0 {
		o.Connections = p.connections
	}
	if o.Connections < 0 || o.Connections > maxConns {
		return Truth{}, fmt.Errorf("%d connections: 1 to %d can be written", o.Connections, maxConns)
	}
	g := &generator{
		w:     bufio.NewWriterSize(w, 1<<20),
		rand:  rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15)),
		left:  o.Bytes,
		now:   1767225600_000_000, // 2026-01-01T00:00:00Z
		truth: Truth{Options: o, Version: Version},
	}
	for i := range g.noise {
		g.noise[i] = byte(g.rand.Uint32())
	}
	g.fileHeader()
	p.write(g)
	return g.truth, g.w.Flush()
}

// generator writes one capture. Errors of writing stay in w until the end.
type generator struct {
	w     *bufio.Writer
	rand  *rand.Rand
	left  int64 // bytes still to be written
	now   int64 // time of the next packet, microseconds since 1970
	truth Truth

	conns   int           // TCP connections so far
	noise   [1 << 17]byte // what media and encrypted bytes are cut from
	payload []byte        // reused
	wire    []byte        // reused
}

// chance is true n times of 100.
func (g *generator) chance(n uint) bool { return g.rand.UintN(100) < n }

// between returns a number from lo to hi.
func (g *generator) between(lo, hi int) int { return lo + g.rand.IntN(hi-lo+1) }

// wait lets about us microseconds pass.
func (g *generator) wait(us int) { g.now += int64(1 + g.rand.IntN(2*us)) }

// random returns n bytes, up to 64 KiB, that do not compress. They stay valid.
func (g *generator) random(n int) []byte {
	at := g.rand.IntN(len(g.noise) - n)
	return g.noise[at : at+n]
}

// pick returns one of list.
func pick[T any](g *generator, list []T) T { return list[g.rand.IntN(len(list))] }
