package stats

import (
	"cmp"
	"slices"

	"wstap/wsframe"
)

// maxNames is how many names of messages are counted one by one; the messages
// of the rest are counted under other.
const maxNames = 256

// Names of messages that have none of their own, and of those of too many names.
const (
	nameText       = "(text)"
	nameBinary     = "(binary)"
	nameIncomplete = "(incomplete)"
	nameOther      = "(other)"
)

// names counts messages by name.
type names struct {
	counts map[string]*nameCount
}

// nameCount is indexed by who sent.
type nameCount struct {
	messages, bytes [2]uint64
}

func (n *names) add(name string, from wsframe.Direction, bytes uint64) {
	c := n.of(name)
	c.messages[from]++
	c.bytes[from] += bytes
}

// of is the count of a name, or of the others.
func (n *names) of(name string) *nameCount {
	if n.counts == nil {
		n.counts = make(map[string]*nameCount)
	}
	c := n.counts[name]
	if c == nil && len(n.counts) >= maxNames {
		name = nameOther
		c = n.counts[name]
	}
	if c == nil {
		c = new(nameCount)
		n.counts[name] = c
	}
	return c
}

// merge adds the names of other in their order, so that which of too many are
// counted together does not depend on chance.
func (n *names) merge(other *names) {
	for _, r := range other.sorted() {
		c := n.of(r.name)
		for d := range c.messages {
			c.messages[d] += r.messages[d]
			c.bytes[d] += r.bytes[d]
		}
	}
}

type namedCount struct {
	name string
	nameCount
}

// sorted lists the names, those with most messages first, the others last.
func (n *names) sorted() []namedCount {
	all := make([]namedCount, 0, len(n.counts))
	for name, c := range n.counts {
		all = append(all, namedCount{name, *c})
	}
	slices.SortFunc(all, func(a, b namedCount) int {
		if (a.name == nameOther) != (b.name == nameOther) {
			if a.name == nameOther {
				return 1
			}
			return -1
		}
		return cmp.Or(
			cmp.Compare(b.messages[0]+b.messages[1], a.messages[0]+a.messages[1]),
			cmp.Compare(a.name, b.name))
	})
	return all
}
