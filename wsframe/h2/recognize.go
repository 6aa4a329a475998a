package h2

// Opening tells whether b begins a connection: from is then the end that sent
// it, by the client's preface or the SETTINGS that a server sends first (RFC
// 9113, 3.4). more is true where b is too short to tell.
func Opening(b []byte) (from Direction, ok, more bool) {
	if n := min(len(b), len(Preface)); string(b[:n]) == Preface[:n] {
		return FromClient, n == len(Preface), n < len(Preface)
	}
	settings := [headerLength]byte{3: byte(typeSettings)}
	for i, c := range b[:min(len(b), headerLength)] {
		if c != settings[i] && i != 1 && i != 2 { // all but its length is the same
			return 0, false, false
		}
	}
	if len(b) < headerLength {
		return FromServer, false, true
	}
	return FromServer, sound(b, minMaxFrame, 0), false
}

// Resembles reports whether b, which begins a packet, looks like whole frames
// from a connection's midst: the last ends with it, or there are several.
func Resembles(b []byte) bool {
	for n := 0; ; n++ {
		switch {
		case len(b) == 0:
			return n > 0
		case len(b) < headerLength:
			return n > 2
		case !sound(b, minMaxFrame, midstreamStreams):
			return false
		}
		length := headerLength + parseFrame(b).length
		if length > len(b) {
			return n > 0
		}
		b = b[length:]
	}
}
