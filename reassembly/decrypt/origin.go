package decrypt

import "crypto/sha256"

// maxOrigins bounds the tickets and session ids that are remembered.
const maxOrigins = 1 << 16

// origins remembers which handshake, by its client random, agreed on the
// master secret that a ticket or session id of TLS 1.2 stands for: some clients
// write no line to the key log for a resumed connection.
type origins struct {
	random map[[32]byte][32]byte
	order  [][32]byte // oldest first, from next on, once it is full
	next   int
}

// ticketKey and sessionKey are what they are remembered by.
func ticketKey(ticket []byte) [32]byte { return sha256.Sum256(append([]byte("ticket "), ticket...)) }
func sessionKey(id []byte) [32]byte    { return sha256.Sum256(append([]byte("id "), id...)) }

func (o *origins) get(key [32]byte) (random [32]byte, ok bool) {
	random, ok = o.random[key]
	return random, ok
}

func (o *origins) put(key, random [32]byte) {
	if o.random == nil {
		o.random = map[[32]byte][32]byte{}
	}
	if _, known := o.random[key]; !known {
		if len(o.order) < maxOrigins {
			o.order = append(o.order, key)
		} else {
			delete(o.random, o.order[o.next])
			o.order[o.next] = key
			o.next = (o.next + 1) % maxOrigins
		}
	}
	o.random[key] = random
}
