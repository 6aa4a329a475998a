package main

import "time"

// notices bounds how often something is told: at once when it begins, then
// after ten seconds, a minute, six, and every ten minutes as long as it lasts.
type notices struct {
	next  time.Time
	after time.Duration
}

const (
	noticeAgain = 10 * time.Second
	noticeMost  = 10 * time.Minute
)

// due reports whether it is time to tell, and takes it for told.
func (n *notices) due(now time.Time) bool {
	if now.Before(n.next) {
		return false
	}
	if n.after == 0 || now.Sub(n.next) >= noticeMost { // it begins, or begins anew
		n.after = noticeAgain
	} else {
		n.after = min(6*n.after, noticeMost)
	}
	n.next = now.Add(n.after)
	return true
}
