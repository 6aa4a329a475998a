package web

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// index is the page's index as it is known so far, in parts: a reader is told of
// those that changed since it looked last.
type index struct {
	version     uint64
	keys        map[string]part
	connections map[int]part
	bytes       int64 // of connections
}

// part is a piece of JSON with the version at which it changed last.
type part struct {
	json    json.RawMessage
	version uint64
}

func newIndex() index {
	return index{keys: map[string]part{}, connections: map[int]part{}}
}

// The keys that are treated by themselves: connections are merged one by one,
// and the dictionary comes with the batches.
const (
	connectionsKey = "connections"
	stringsKey     = "strings"
)

// merge takes an object with the keys that changed.
func (x *index) merge(changes []byte) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(changes, &keys); err != nil {
		return err
	}
	x.version++
	for key, value := range keys {
		if key != connectionsKey && key != stringsKey {
			x.keys[key] = part{value, x.version}
		}
	}
	var connections []json.RawMessage
	if list := keys[connectionsKey]; list != nil {
		if err := json.Unmarshal(list, &connections); err != nil {
			return err
		}
	}
	for _, c := range connections {
		var number struct {
			Conn int `json:"conn"`
		}
		if err := json.Unmarshal(c, &number); err != nil {
			return err
		}
		x.bytes += int64(len(c) - len(x.connections[number.Conn].json))
		x.connections[number.Conn] = part{c, x.version}
	}
	return nil
}

// set sets one key.
func (x *index) set(key string, value json.RawMessage) {
	x.version++
	x.keys[key] = part{value, x.version}
}

// bound forgets the oldest connections, by number, until the others have at most
// limit bytes, and returns them.
func (x *index) bound(limit int64) (forgotten []int) {
	if x.bytes <= limit {
		return nil
	}
	for _, n := range slices.Sorted(maps.Keys(x.connections)) {
		if x.bytes <= limit {
			break
		}
		x.bytes -= int64(len(x.connections[n].json))
		delete(x.connections, n)
		forgotten = append(forgotten, n)
	}
	return forgotten
}

// appendWhole appends all of the index, with the dictionary of summaries.
func (x *index) appendWhole(b []byte, strings []string) []byte {
	b = x.appendSince(b, 0)
	if len(strings) == 0 {
		return b
	}
	dictionary, _ := json.Marshal(strings) // strings cannot fail
	if b = b[:len(b)-1]; len(b) > 1 {
		b = append(b, ',')
	}
	b = append(b, `"`+stringsKey+`":`...)
	b = append(b, dictionary...)
	return append(b, '}')
}

// appendSince appends an object of what changed after the given version, keys
// and numbers in order.
func (x *index) appendSince(b []byte, version uint64) []byte {
	b = append(b, '{')
	start := len(b)
	for _, key := range slices.Sorted(maps.Keys(x.keys)) {
		if p := x.keys[key]; p.version > version {
			if len(b) > start {
				b = append(b, ',')
			}
			b = strconv.AppendQuote(b, key) // keys are ours, and plain
			b = append(b, ':')
			b = append(b, p.json...)
		}
	}
	var numbers []int
	for n, p := range x.connections {
		if p.version > version {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 0 {
		return append(b, '}')
	}
	slices.Sort(numbers)
	if len(b) > start {
		b = append(b, ',')
	}
	b = append(b, `"`+connectionsKey+`":[`...)
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, x.connections[n].json...)
	}
	return append(b, "]}"...)
}
