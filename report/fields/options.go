// Package fields writes a row per frame with the fields of the display-filter
// language as columns: lines of values as tshark -T fields prints them, CSV,
// and the JSON forms of tshark -T json and -T ek.
//
// Where tshark has a row per packet and repeats the keys of a packet's second
// frame, each row here is one frame and no object has a key twice.
package fields

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"wstap/report"
	"wstap/report/dfilter"
	"wstap/wsframe"
)

// Options shape the rows; the zero value gives tshark's defaults.
type Options struct {
	// Columns are the fields to print. With none, JSON and EK print all that a
	// frame has, CSV a useful choice, and lines are empty.
	Columns []*dfilter.Field
	// Context is where the values come from, kept up to date by a sink before
	// this one. Nil: the sink keeps its own, without headers of packets.
	Context *dfilter.Context
	// Payload bounds the bytes printed of each string or byte sequence; the zero
	// Limit prints all.
	Payload report.Limit
	// Messages prints only the frames that complete a message.
	Messages bool
	Layout   Layout
}

// Layout is what -E says about lines and CSV.
type Layout struct {
	// BOM puts a byte order mark in front of all.
	BOM bool
	// Header prints the names of the fields as the first line. CSV always does.
	Header bool
	// Separator stands between fields, Aggregator between the values of one;
	// empty are a tab and a comma.
	Separator, Aggregator string
	// Occurrence is 'f' or 'l' to print only the first or last value of a field;
	// else all are.
	Occurrence byte
	// Quote encloses what is printed of a field, its own kind inside doubled; 0
	// for none.
	Quote byte
}

// Set takes one NAME=VALUE as tshark's -E has it: bom, header, separator,
// occurrence, aggregator or quote.
func (l *Layout) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%q: want OPTION=VALUE, as in header=y", s)
	}
	yes := func(set *bool) error {
		if value != "y" && value != "n" && value != "Y" && value != "N" {
			return fmt.Errorf("%s: want y or n", s)
		}
		*set = value == "y" || value == "Y"
		return nil
	}
	sign := func(set *string) error {
		switch {
		case value == "/t":
			value = "\t"
		case value == "/s":
			value = " "
		case utf8.RuneCountInString(value) != 1 || value == "\n" || value == "\r" || !utf8.ValidString(value):
			return fmt.Errorf("%s: want one character, /t for a tab or /s for a space", s)
		}
		*set = value
		return nil
	}
	switch name {
	case "bom":
		return yes(&l.BOM)
	case "header":
		return yes(&l.Header)
	case "separator":
		return sign(&l.Separator)
	case "aggregator":
		return sign(&l.Aggregator)
	case "occurrence":
		if value != "f" && value != "l" && value != "a" {
			return fmt.Errorf("%s: want f for the first, l for the last or a for all", s)
		}
		l.Occurrence = value[0]
		return nil
	case "quote":
		switch value {
		case "d":
			l.Quote = '"'
		case "s":
			l.Quote = '\''
		case "n":
			l.Quote = 0
		default:
			return fmt.Errorf("%s: want d for double quotes, s for single ones or n for none", s)
		}
		return nil
	}
	names := []string{"bom", "header", "separator", "occurrence", "aggregator", "quote"}
	if near := report.Nearest(name, names); near != "" {
		return fmt.Errorf("no such option %s: did you mean %s?", name, near)
	}
	return fmt.Errorf("no such option %s: there are %s", name, strings.Join(names, ", "))
}

// wanted moves the row to e, and reports whether it is to be printed.
func (r *row) wanted(e wsframe.Event, messages bool) bool {
	if r.own {
		r.x.Observe(e)
	}
	f, ok := e.(*wsframe.Frame)
	if !ok || messages && f.Message == nil {
		return false
	}
	r.fill()
	r.x.Shown()
	return true
}
