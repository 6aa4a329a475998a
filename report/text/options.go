package text

import (
	"time"

	"wstap/report"
)

// Options shape the output. The zero value is for a file: 160 columns, no
// colors, times in seconds since the first packet.
type Options struct {
	// Width is the number of columns to which lines with payload are cut; 0
	// means 160, and less than 60 is taken as 60.
	Width int
	// Payload bounds the bytes shown of each payload, in place of Width. The
	// zero Limit shows what fits on the line; in a conversation, all.
	Payload report.Limit
	// Color adds SGR sequences (ECMA-48, 8.3.117).
	Color bool
	// ASCII writes -> and <- for the arrows and escapes all that is not ASCII.
	ASCII bool
	// Time is the format of times, Local the zone of the local ones; nil: UTC.
	Time  report.TimeFormat
	Local *time.Location
}

func (o Options) width() int {
	if o.Width == 0 {
		return 160
	}
	return max(o.Width, 60)
}

func (o Options) arrowWidth() int {
	if o.ASCII {
		return 2
	}
	return 1
}

func (o Options) timestamps() *report.Timestamps {
	local := o.Local
	if local == nil {
		local = time.UTC
	}
	return report.NewTimestamps(o.Time, local)
}

func (o Options) line() line {
	return line{colored: o.Color, esc: report.Escaper{ASCII: o.ASCII}}
}
