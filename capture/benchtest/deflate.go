package benchtest

import (
	"bytes"
	"strconv"

	"github.com/klauspost/compress/flate"
)

// deflate lets the connections exchange compressed messages. Each direction
// has a compressor of its own, 0.7 MB, to the end.
func (g *generator) deflate() {
	conns := g.open("permessage-deflate")
	compressors := make([][2]*compressor, len(conns))
	for i := range compressors {
		compressors[i] = [2]*compressor{newCompressor(), newCompressor()}
	}
	for g.left > int64(len(conns))*closing {
		i := g.rand.IntN(len(conns))
		from := server
		if g.chance(40) {
			from = client
		}
		g.payload = g.appendDocument(g.payload[:0])
		g.truth.MessageBytes += uint64(len(g.payload))
		g.wire = g.appendFrame(g.wire[:0], from, opText, 0x40, compressors[i][from].message(g.payload))
		g.send(&conns[i], from, g.wire, mss)
		if g.chance(30) {
			g.wait(100)
			g.acknowledge(&conns[i], 1-from)
		}
		g.wait(300)
	}
	g.close(conns)
}

// compressor is one direction of permessage-deflate with context takeover.
type compressor struct {
	out bytes.Buffer
	w   *flate.Writer
}

func newCompressor() *compressor {
	c := &compressor{}
	c.w, _ = flate.NewWriter(&c.out, 6) // fails on a bad level only
	return c
}

// message compresses p (RFC 7692, 7.2.1). The result is valid until the next call.
func (c *compressor) message(p []byte) []byte {
	c.out.Reset()
	c.w.Write(p) // into memory
	c.w.Flush()
	return bytes.TrimSuffix(c.out.Bytes(), []byte("\x00\x00\xff\xff"))
}

// appendDocument adds JSON of 0.5 to 2 KB, a list of what one feed has to say.
func (g *generator) appendDocument(b []byte) []byte {
	size := 500 + min(g.rand.IntN(1500), g.rand.IntN(1500))
	b = strconv.AppendUint(append(b, `{"type":"update","seq":`...), g.truth.Messages, 10)
	kind := g.rand.IntN(3)
	b = append(append(b, `,"channel":"`...), [...]string{"orders", "presence", "chat"}[kind]...)
	b = append(b, `","items":[`...)
	for first := true; len(b) < size-60; first = false {
		if !first {
			b = append(b, ',')
		}
		b = strconv.AppendUint(append(b, `{"id":"`...), g.rand.Uint64()>>16, 16)
		switch kind {
		case 0:
			b = append(append(b, `","symbol":"`...), pick(g, symbols)...)
			b = g.appendDecimal(append(b, `","price":`...))
			b = g.appendDecimal(append(b, `,"quantity":`...))
			b = append(append(b, `,"side":"`...), [...]string{"buy", "sell"}[g.rand.IntN(2)]...)
			b = append(b, '"')
		case 1:
			b = append(append(b, `","user":"`...), pick(g, names)...)
			b = append(append(b, `","status":"`...), [...]string{"online", "away", "busy", "offline"}[g.rand.IntN(4)]...)
			b = strconv.AppendInt(append(b, `","since":`...), g.now/1000-int64(g.rand.Uint32()>>8), 10)
		case 2:
			b = append(append(b, `","from":"`...), pick(g, names)...)
			b = append(b, `","text":"`...)
			b = append(g.appendWords(b, g.between(4, 16)), '"')
		}
		b = append(b, '}')
	}
	b = strconv.AppendInt(append(b, `],"at":`...), g.now, 10)
	return append(b, '}')
}
