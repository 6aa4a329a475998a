package wsframe

import (
	"strings"
	"time"
)

// agreed is what has to be known of an upgrade to read the frames behind it.
// Few of the connections of a server differ in it.
type agreed struct {
	via, subprotocol, extensions string
	status                       int
	accept                       Accept
	deflates, partial, vague     bool
	deflate                      Deflate
}

// maxAgreed bounds the kinds of upgrades of which one copy is kept for all
// connections.
const maxAgreed = 1024

// maxSpareFields is for how many header fields memory is kept.
const maxSpareFields = 64

// brief lets go of what the upgrade of c said, once Opened was emitted and
// before any frame is, but for what c shares with others.
func (a *Analyzer) brief(c *Conn) {
	u := c.Upgrade
	at := u.Responded.Time
	if !at.After(time.Unix(0, 0)) || at.Year() > 2200 { // more than 64 bits of nanoseconds hold
		return
	}
	c.began = at.UnixNano()
	g := agreed{
		via: u.Via, subprotocol: u.Subprotocol, extensions: u.Extensions,
		status: u.Status, accept: u.Accept, partial: u.Partial, vague: u.unseen(),
	}
	if u.Deflate != nil {
		g.deflates, g.deflate = true, *u.Deflate
	}
	defer a.giveUpgrade(u)
	if c.Upgrade = a.agreed[g]; c.Upgrade != nil {
		return
	}
	// A string holds on to the whole head that it was cut from.
	g.subprotocol, g.extensions = strings.Clone(g.subprotocol), strings.Clone(g.extensions)
	c.Upgrade = g.upgrade()
	if len(a.kinds) == maxAgreed {
		return
	}
	if a.agreed == nil {
		a.agreed = make(map[agreed]*Upgrade)
	}
	a.agreed[g] = c.Upgrade
	a.kinds = append(a.kinds, c.Upgrade)
	c.Upgrade.kind = uint16(len(a.kinds))
}

// giveUpgrade takes back what was told of one.
func (a *Analyzer) giveUpgrade(u *Upgrade) {
	var rest Upgrade
	for i := range u.heads {
		if f := u.heads[i].Fields; cap(f) <= maxSpareFields {
			clear(f) // they hold on to the whole head
			rest.heads[i].Fields = f[:0]
		}
	}
	a.spare.upgrades.give(u, rest)
}

func (g agreed) upgrade() *Upgrade {
	u := &Upgrade{
		Via: g.via, Subprotocol: g.subprotocol, Extensions: g.extensions, Status: g.status,
		Upgraded: true, Accept: g.accept, Partial: g.partial, vague: g.vague, seen: true,
	}
	if g.deflates {
		u.Deflate = &g.deflate
	}
	return u
}
