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

// longestKey is the length of the longest of them.
const longestKey = len("message_type")

// keyTable finds a key by its first 8 bytes, as a number, since every key of
// every message is looked up.
var keyTable = hashKeys()

const keyTableBits = 7

type keySlot struct {
	word uint64 // first 8 bytes, little-endian; 0 where the slot is free
	key
}

func hashKeys() (t [1 << keyTableBits]keySlot) {
	for _, k := range keys {
		var first [8]byte
		copy(first[:], k.name)
		w := binary.LittleEndian.Uint64(first[:])
		i := hashKey(w)
		for t[i].word != 0 {
			i = (i + 1) % len(t)
		}
		t[i] = keySlot{w, k}
	}
	return t
}

// hashKey multiplies by the golden ratio (Knuth, 6.4).
func hashKey(w uint64) int { return int(w * 0x9e3779b97f4a7c15 >> (64 - keyTableBits)) }

// keyRole is the role and rank of the key that is b[start:end].
func keyRole(b []byte, start, end int) (role, rank) {
	n := end - start
	if n > longestKey {
		return noRole, 0
	}
	var w uint64
	if start+8 <= len(b) {
		w = binary.LittleEndian.Uint64(b[start:])
		if n < 8 {
			w &= 1<<(n*8) - 1
		}
	} else {
		for i := end - 1; i >= start; i-- {
			w = w<<8 | uint64(b[i])
		}
	}
	if c := byte(w); c >= 'A' && c <= 'Z' { // .NET and Go peers often begin keys with a capital
		w |= 'a' - 'A'
	}
	for i := hashKey(w); ; i = (i + 1) % len(keyTable) {
		switch keyTable[i].word {
		case w:
			if k := keyTable[i].key; len(k.name) == n && (n <= 8 || string(b[start+8:end]) == k.name[8:]) {
				return k.role, k.rank
			}
			return noRole, 0
		case 0:
			return noRole, 0
		}
	}
}
