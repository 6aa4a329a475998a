package h2

import "encoding/binary"

// frameType is the type of a frame (RFC 9113, 6).
type frameType uint8

const (
	typeData         frameType = 0x0
	typeHeaders      frameType = 0x1
	typePriority     frameType = 0x2
	typeRSTStream    frameType = 0x3
	typeSettings     frameType = 0x4
	typePushPromise  frameType = 0x5
	typePing         frameType = 0x6
	typeGoAway       frameType = 0x7
	typeWindowUpdate frameType = 0x8
	typeContinuation frameType = 0x9
	// typePriorityUpdate is RFC 9218's: browsers send it.
	typePriorityUpdate frameType = 0x10
)

// The flags of frames (RFC 9113, 6).
const (
	flagEndStream  = 0x1 // DATA, HEADERS
	flagACK        = 0x1 // SETTINGS, PING
	flagEndHeaders = 0x4 // HEADERS, PUSH_PROMISE, CONTINUATION
	flagPadded     = 0x8 // DATA, HEADERS, PUSH_PROMISE
	flagPriority   = 0x20
)

// SettingID names a parameter of SETTINGS (RFC 9113, 6.5.2).
type SettingID uint16

// The parameters that matter to an observer.
const (
	MaxFrameSize          SettingID = 5
	EnableConnectProtocol SettingID = 8 // RFC 8441, 3
)

const (
	headerLength  = 9 // of a frame (RFC 9113, 4.1)
	settingLength = 6

	// The bounds of SETTINGS_MAX_FRAME_SIZE (RFC 9113, 6.5.2), in bytes.
	minMaxFrame = 1 << 14
	maxMaxFrame = 1<<24 - 1
)

// frame is the header of a frame (RFC 9113, 4.1).
type frame struct {
	length int
	kind   frameType
	flags  uint8
	stream uint32
}

// parseFrame reads the header that b, 9 bytes at least, begins with. The
// reserved bit is ignored.
func parseFrame(b []byte) frame {
	return frame{
		length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		kind:   frameType(b[3]),
		flags:  b[4],
		stream: be32(b[5:]) &^ (1 << 31),
	}
}

func (f frame) has(flag uint8) bool { return f.flags&flag != 0 }

// prefix is the length of what stands before a frame's data or header block
// fragment: pad length, priority, promised stream.
func (f frame) prefix() int {
	n := 0
	switch f.kind {
	case typeHeaders:
		if f.has(flagPriority) {
			n = 5
		}
	case typePushPromise:
		n = 4
	case typeData:
	default:
		return 0
	}
	if f.has(flagPadded) {
		n++
	}
	return min(n, f.length)
}

func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// shape is what a frame of a type looks like, where it is as it should be.
type shape struct {
	flags    uint8 // that it may have
	stream   scope
	min, max int // of its length; max 0 is the connection's limit
}

// scope says which streams a type of frame belongs to.
type scope uint8

const (
	noFrame scope = iota
	onStream
	onConnection
	onEither
)

var shapes = [...]shape{
	typeData:           {flagEndStream | flagPadded, onStream, 0, 0},
	typeHeaders:        {flagEndStream | flagEndHeaders | flagPadded | flagPriority, onStream, 1, 0},
	typePriority:       {0, onStream, 5, 5},
	typeRSTStream:      {0, onStream, 4, 4},
	typeSettings:       {flagACK, onConnection, 0, 60 * settingLength},
	typePushPromise:    {flagEndHeaders | flagPadded, onStream, 5, 0},
	typePing:           {flagACK, onConnection, 8, 8},
	typeGoAway:         {0, onConnection, 8, 0},
	typeWindowUpdate:   {0, onEither, 4, 4},
	typeContinuation:   {flagEndHeaders, onStream, 0, 0},
	typePriorityUpdate: {0, onConnection, 4, 1 << 10},
}

// sound reports whether b, 9 bytes at least, may begin with a frame header, for
// search among other bytes: types that nobody sends, flags without a meaning
// and streams of servers are sound in RFC 9113, but not here. A chance hit
// takes one position in 2^30 or fewer.
func sound(b []byte, longest, highest uint32) bool {
	f := parseFrame(b)
	if int(f.kind) >= len(shapes) || b[5]&0x80 != 0 {
		return false
	}
	s := shapes[f.kind]
	switch s.stream {
	case noFrame:
		return false
	case onStream:
		if f.stream == 0 {
			return false
		}
	case onConnection:
		if f.stream != 0 {
			return false
		}
	}
	limit := int(longest)
	if s.max > 0 {
		limit = s.max
	}
	switch {
	case f.flags&^s.flags != 0, f.length < s.min, f.length > limit:
		return false
	case f.stream != 0 && (f.stream%2 == 0 || f.stream > highest):
		return false
	case f.kind == typeSettings && (f.length%settingLength != 0 || f.has(flagACK) && f.length > 0):
		return false
	case f.kind == typeData && f.length == 0:
		return f.has(flagEndStream)
	}
	return true
}
