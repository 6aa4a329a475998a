package subproto

import "encoding/binary"

// role is what a key's value can be to an object.
type role uint8

const (
	noRole role = iota
	names
	identifies
	topics
	tellsError
	tellsResult
	versions // of JSON-RPC
)

// rank is the place of a key in the order in which an object's name, or its id,
// is looked for, from 1.
type rank uint8

const (
	// rankMessage is first because signalling servers name their messages by
	// it. Where one of the next keys stands beside it, it tends to be prose.
	rankMessage rank = 1
	lastBeside  rank = 9
)

// key is a key that has a role, and its rank among those that share it.
type key struct {
	name string
	role role
	rank rank
}

var keys = [...]key{
	{"message", names, rankMessage},
	{"type", names, 2},
	{"event", names, 3},
	{"method", names, 4},
	{"action", names, 5},
	{"op", names, 6},
	{"cmd", names, 7},
	{"command", names, 8},
	{"kind", names, lastBeside},
	{"name", names, 10},
	{"msg", names, 11},
	{"t", names, 12},
	{"msg_type", names, 13},
	{"msgType", names, 13},
	{"messageType", names, 14},
	{"message_type", names, 14},
	{"eventType", names, 15},
	{"event_type", names, 15},
	{"request", names, 16},
	{"target", names, 17},
	{"janus", names, 18},

	{"id", identifies, 1},
	{"requestId", identifies, 2},
	{"request_id", identifies, 2},
	{"req", identifies, 3},
	{"seq", identifies, 4},
	{"ref", identifies, 5},
	{"transaction", identifies, 6},

	{"topic", topics, 1},
	{"channel", topics, 1},
	{"error", tellsError, 1},
	{"result", tellsResult, 1},
	{"response", tellsResult, 1},
	{"jsonrpc", versions, 1},
}

// keyTable finds a key by its first 8 bytes, as a number, since every key of
// every message is looked up. No two share a place.
var keyTable = hashKeys()

const keyTableBits = 6

type keySlot struct {
	word uint64 // first 8 bytes, little-endian; 0 where the slot is free
	key
}

func hashKeys() (t [1 << keyTableBits]keySlot) {
	for _, k := range keys {
		var first [8]byte
		copy(first[:], k.name)
		w := binary.LittleEndian.Uint64(first[:])
		t[hashKey(w)] = keySlot{w, k}
	}
	return t
}

// hashKey multiplies (Knuth, 6.4) by a number that was tried out.
func hashKey(w uint64) int { return int(w * 0x61a0d700194564e5 >> (64 - keyTableBits)) }

// keyLengths has bit n set of a letter that a key of n letters begins with. It
// tells most others apart at once.
var keyLengths = lengthsOfKeys()

func lengthsOfKeys() (t [32]uint16) {
	for _, k := range keys {
		t[k.name[0]%32] |= 1 << len(k.name)
	}
	return t
}

// mayHaveRole reports whether a key of ours has this first letter and this length, or
// one that is larger by 16. None has 0 letters, or more than 15.
func mayHaveRole(first byte, length int) bool {
	return keyLengths[first%32]>>(uint(length)%16)&1 != 0
}

// keyRole is the role and rank of the key that is b[start:end]; mayHaveRole is true
// of it.
func keyRole(b []byte, start, end int) (role, rank) {
	// Peers in .NET and Go often begin keys with a capital. All of ours begin with
	// a letter, so that nothing else is mistaken for one.
	w := wordAt(b, start, end-start) | ('a' - 'A')
	i := hashKey(w)
	if keyTable[i].word != w || len(keyTable[i].name) != end-start || end-start > 8 && string(b[start+8:end]) != keyTable[i].name[8:] {
		return noRole, 0
	}
	return keyTable[i].role, keyTable[i].rank
}

// wordAt is b[i:i+n], little-endian, as far as 8 bytes of it; other bytes are 0,
// but n is not.
func wordAt(b []byte, i, n int) (w uint64) {
	unused := uint(64-8*min(n, 8)) % 64
	if i+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:]) << unused >> unused
	}
	for k := min(i+8, i+n) - 1; k >= i; k-- {
		w = w<<8 | uint64(b[k])
	}
	return w
}
