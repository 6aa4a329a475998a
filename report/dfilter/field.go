package dfilter

import (
	"slices"
	"strings"
	"sync"

	"wstap/report"
)

// Field is a field of the language: what a filter may test and what a column
// may show.
type Field struct {
	// Name is Wireshark's name, or one that begins with wstap.
	Name string
	Type Type
	// Text describes the field in one line.
	Text string
	// Hex prints integers in hexadecimal, with as many digits as the type has.
	Hex bool
	// Names are the names of some values, by which filters may call them.
	Names []ValueName

	// How to get the values of a frame, one of these: an integer, bytes, whether
	// a label is there, or any number of values.
	num    func(*Context) (uint64, bool)
	octets func(*Context) ([]byte, bool)
	has    func(*Context) bool
	all    func(*Context, []Value) []Value
	need   need
}

// ValueName names a value.
type ValueName struct {
	Num  uint64
	Name string
}

// fields are all fields, by name; made when they are first asked for, since
// most runs have no filter.
var fields = sync.OnceValue(func() []*Field {
	return sorted(slices.Concat(websocketFields(), frameFields(), linkFields(), ipFields(), tcpFields(), httpFields(), ownFields()))
})

func sorted(all []Field) []*Field {
	list := make([]*Field, len(all))
	for i := range all {
		list[i] = &all[i]
	}
	slices.SortFunc(list, func(a, b *Field) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Fields lists all fields, sorted by name. They are not to be changed.
func Fields() []*Field { return slices.Clone(fields()) }

// Lookup is the field of that name; nil if there is none.
func Lookup(name string) *Field { return lookup(name) }

func lookup(name string) *Field {
	all := fields()
	i, ok := slices.BinarySearchFunc(all, name, func(f *Field, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return nil
	}
	return all[i]
}

func isField(name string) bool { return lookup(name) != nil }

// Suggest is the name of the field that a misspelled or shortened name may
// mean, as in websocket.text for websocket.payload.text; "" if none is near.
func Suggest(name string) string {
	var names []string
	for _, f := range fields() {
		names = append(names, f.Name)
	}
	if protocol, last, ok := strings.Cut(name, "."); ok {
		for _, n := range names {
			if last != "" && strings.HasPrefix(n, protocol+".") && strings.HasSuffix(n, "."+last) {
				return n
			}
		}
	}
	return report.Nearest(name, names)
}

// suggestion is what an error message about word has at its end.
func suggestion(word string) string {
	if !strings.Contains(word, ".") || strings.ContainsAny(word[:1], "0123456789") {
		return ""
	}
	if near := Suggest(word); near != "" {
		return ": did you mean " + near + "?"
	}
	return ""
}

// named is the value that has that name, in any case.
func (f *Field) named(name string) (uint64, bool) {
	if f == nil {
		return 0, false
	}
	for _, n := range f.Names {
		if strings.EqualFold(n.Name, name) {
			return n.Num, true
		}
	}
	return 0, false
}

// name is the name of value n, "" if it has none.
func (f *Field) name(n uint64) string {
	for _, v := range f.Names {
		if v.Num == n {
			return v.Name
		}
	}
	return ""
}

func (f *Field) nameList() string {
	var b strings.Builder
	for i, n := range f.Names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(n.Name)
	}
	return b.String()
}

// Append appends the field's values in the frame that x stands at, in the
// order in which they occur. Labels and protocols that are there have one.
func (f *Field) Append(x *Context, dst []Value) []Value {
	switch {
	case f.num != nil:
		if n, ok := f.num(x); ok {
			dst = append(dst, Value{Type: f.Type, Num: n})
		}
	case f.octets != nil:
		if b, ok := f.octets(x); ok {
			dst = append(dst, Value{Type: f.Type, Octets: b})
		}
	case f.has != nil:
		if f.has(x) {
			dst = append(dst, Value{Type: f.Type, Num: 1})
		}
	case f.all != nil:
		dst = f.all(x, dst)
	}
	return dst
}
