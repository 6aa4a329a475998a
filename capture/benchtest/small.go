package benchtest

import "strconv"

// small lets the connections talk in turn, in no order.
func (g *generator) small() {
	conns := g.open("")
	for g.left > int64(len(conns))*closing {
		g.talk(conns)
	}
	g.close(conns)
}

// closing is about what the end of a connection takes in the file.
const closing = 5 * 90

// talk writes what one of conns has to say: a segment with a frame, rarely
// with more, and sometimes an answer.
func (g *generator) talk(conns []conn) {
	c := &conns[g.rand.IntN(len(conns))]
	from := server
	if g.chance(40) {
		from = client
	}
	g.say(c, from)
	switch {
	case g.chance(30): // an answer carries the acknowledgment
		g.wait(150)
		g.say(c, 1-from)
	case g.chance(40): // nothing to say: the delayed acknowledgment
		g.wait(100)
		g.acknowledge(c, 1-from)
	}
	g.wait(120)
}

// say writes one segment of c.
func (g *generator) say(c *conn, from direction) {
	g.wire = g.wire[:0]
	for {
		g.payload = g.appendSmall(g.payload[:0], from)
		g.wire = g.appendFrame(g.wire, from, opText, 0, g.payload)
		g.truth.MessageBytes += uint64(len(g.payload))
		if !g.chance(4) {
			break
		}
	}
	if g.chance(1) {
		opcode := byte(opPing)
		if from == client {
			opcode = opPong
		}
		g.wire = g.appendFrame(g.wire, from, opcode, 0, nil)
	}
	g.segment(c, from, psh|ack, g.wire)
}

var (
	symbols = []string{"BTCUSD", "ETHUSD", "EURUSD", "GBPJPY", "XAUUSD", "SOLUSD", "USDCHF", "WTIUSD"}
	names   = []string{"mira", "tomás", "ines", "jonas", "aiko", "noor", "pavel", "zoë", "luca", "freya"}
	words   = []string{
		"the", "call", "is", "on", "hold", "we", "will", "send", "another", "offer", "today", "before", "noon", "price", "moved",
		"again", "while", "you", "were", "away", "please", "check", "room", "seven", "screen", "sharing", "works", "now", "thanks",
		"for", "waiting", "meeting", "starts", "in", "five", "minutes", "can", "everyone", "hear", "me", "order", "filled", "cancel",
		"limit", "volume", "spread", "naïve", "café", "straße", "later", "maybe", "never", "mind", "see", "attached", "notes",
	}
)

// appendSmall adds a message of 25 to 120 bytes.
func (g *generator) appendSmall(b []byte, from direction) []byte {
	n := g.rand.Uint32N(100)
	switch {
	case n < 15 && from == server:
		return append(b, `{"message":"ping","data":[]}`...)
	case n < 15:
		return append(b, `{"message":"pong","data":[]}`...)
	case n < 50 && from == server:
		b = append(append(b, `{"s":"`...), pick(g, symbols)...)
		b = g.appendDecimal(append(b, `","b":`...))
		b = g.appendDecimal(append(b, `,"a":`...))
		return append(b, '}')
	case n < 70 && from == server:
		b = append(append(b, `{"e":"trade","s":"`...), pick(g, symbols)...)
		b = g.appendDecimal(append(b, `","p":"`...))
		b = g.appendDecimal(append(b, `","q":"`...))
		b = strconv.AppendInt(append(b, `","t":`...), g.now/1000, 10)
		return append(b, '}')
	case n < 60:
		b = append(append(b, `{"op":"subscribe","s":"`...), pick(g, symbols)...)
		b = strconv.AppendUint(append(b, `","id":`...), uint64(g.rand.Uint32N(1e5)), 10)
		return append(b, '}')
	case n < 80:
		b = append(append(b, `{"type":"typing","user":"`...), pick(g, names)...)
		return append(b, `"}`...)
	}
	b = append(append(b, `{"type":"chat","from":"`...), pick(g, names)...)
	b = append(b, `","text":"`...)
	return append(g.appendWords(b, g.between(2, 9)), `"}`...)
}

// appendDecimal adds a number with a fraction.
func (g *generator) appendDecimal(b []byte) []byte {
	b = strconv.AppendUint(b, uint64(g.rand.Uint32N(3000)), 10)
	b = append(b, '.')
	return strconv.AppendUint(b, uint64(100+g.rand.Uint32N(9900)), 10)
}

// appendWords adds n words.
func (g *generator) appendWords(b []byte, n int) []byte {
	for i := range n {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, pick(g, words)...)
	}
	return b
}
