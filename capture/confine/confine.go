// Package confine takes from the process what a capture needs no more once it
// has been opened: its user, its capabilities, and the file system. What reads
// packets of strangers should not be able to do more with them than print.
//
// It is done for all threads, by a signal to each (threads_linux.c): credentials
// on Linux belong to a thread, and libpcap brings cgo, with which the Go runtime
// can only set user and group for all of them.
package confine

// Plan is what the process keeps. The zero value keeps the user, and nothing
// else. Files that are open stay open.
type Plan struct {
	// User is who the process becomes, if not nil. Capabilities are lost with
	// the user.
	User *User
	// Capabilities, by their numbers in capabilities(7), are kept of those that
	// the process has.
	Capabilities []int
	// Read and Write are directories: files beneath them can still be opened for
	// reading, or be created, written and removed, where user and capabilities
	// permit it. One that is not there counts as the nearest one above it.
	Read, Write []string
}

// User is a user and its group, by number. It has no supplementary groups.
type User struct{ UID, GID int }

// Outcome says what is in force after Apply.
type Outcome struct {
	// Landlock is the version of the kernel's Landlock, which keeps files and
	// TCP from the process: 0 where the kernel has none and only user and
	// capabilities protect the files, below 4 where TCP is not covered.
	Landlock int
}
