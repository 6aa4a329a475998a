package reassembly

import "time"

// moment is a packet time that is compared often: a time.Time asks each time
// whether it has a monotonic reading, which packets have not.
type moment struct {
	second     int64 // Unix time
	nanosecond int   // within it
}

func momentOf(t time.Time) moment { return moment{t.Unix(), t.Nanosecond()} }

// time is m as packets have it.
func (m moment) time() time.Time { return time.Unix(m.second, int64(m.nanosecond)).UTC() }

// isZero reports whether m is the zero time.
func (m moment) isZero() bool { return m.time().IsZero() }

// before reports whether m is earlier than o.
func (m moment) before(o moment) bool {
	return m.second < o.second || m.second == o.second && m.nanosecond < o.nanosecond
}
