package benchtest

// idle opens connections of which nothing more is heard.
func (g *generator) idle() {
	var c conn
	for range g.truth.Connections {
		c = conn{}
		g.upgrade(&c, "")
		g.wait(20)
	}
}
