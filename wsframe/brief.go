package wsframe

import "strings"

// maxNames bounds the names of which one copy is kept for all connections.
const maxNames = 1024

// brief lets go of what the upgrade of c said, once that was told.
func (a *Analyzer) brief(c *Conn) {
	if a.queue != nil && len(a.queue.events) > 0 {
		a.told = append(a.told, c) // its Opened may be among them
		return
	}
	c.vague = c.unseen()
	c.seen = true
	c.Request, c.Response, c.URL, c.Proxy, c.Body = nil, nil, "", "", ""
	c.Subprotocol, c.Extensions = a.name(c.Subprotocol), a.name(c.Extensions)
}

// name is s, but not a part of something larger: a string holds on to the whole
// head that it was cut from.
func (a *Analyzer) name(s string) string {
	if s == "" {
		return ""
	}
	if known, ok := a.names[s]; ok {
		return known
	}
	s = strings.Clone(s)
	if a.names == nil {
		a.names = make(map[string]string)
	}
	if len(a.names) < maxNames {
		a.names[s] = s
	}
	return s
}
