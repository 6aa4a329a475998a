package benchtest

// bulk lets the connections send binary frames, most of them from the server.
func (g *generator) bulk() {
	conns := g.open("")
	for g.left > int64(len(conns))*closing {
		i := g.rand.IntN(len(conns))
		c, size := &conns[i], mss
		if i%4 == 0 {
			size = mss * g.between(2, 44) // receive offload: IP allows for 45
		}
		from := server
		if g.chance(25) {
			from = client
		}
		payload := g.random(g.between(4<<10, 8<<10<<g.rand.IntN(4)))
		g.truth.MessageBytes += uint64(len(payload))
		g.wire = g.appendFrame(g.wire[:0], from, opBinary, 0, payload)
		g.send(c, from, g.wire, size)
		g.wait(30)
		g.acknowledge(c, 1-from)
		g.wait(300)
	}
	g.close(conns)
}
