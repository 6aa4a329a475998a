//go:build linux && cgo

package confine

/*
#include "threads_linux.h"
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// Apply confines the process as p says, all of its threads, once and for good.
// After an error it may be half done: the process should end.
func (p Plan) Apply() (Outcome, error) {
	// The calling thread is the last one, and must be the same until then.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	ruleset, version, err := p.ruleset()
	if err != nil {
		return Outcome{}, err
	}
	c := C.struct_plan{ruleset: C.int(ruleset)}
	if ruleset >= 0 {
		defer syscall.Close(ruleset)
	}
	if p.User != nil {
		c.change_user, c.uid, c.gid = 1, C.uid_t(p.User.UID), C.gid_t(p.User.GID)
	}
	for _, n := range p.Capabilities {
		c.keep |= 1 << n
	}
	if f := C.confine_threads(&c); f.error != 0 {
		return Outcome{}, fmt.Errorf("%s: %w", C.GoString(f.step), syscall.Errno(f.error))
	}
	return Outcome{Landlock: version}, nil
}

// Try reports, by trying it, whether the process could become u, and could then
// open the files for reading. Nothing changes.
func Try(u User, files ...string) error {
	result := make(chan error)
	go func() {
		// Not unlocked: the runtime throws the thread away, and with it what it
		// has become.
		runtime.LockOSThread()
		result <- try(u, files)
	}()
	return <-result
}

func try(u User, files []string) error {
	if errno := C.become(C.uid_t(u.UID), C.gid_t(u.GID)); errno != 0 {
		return fmt.Errorf("user %d: %w", u.UID, syscall.Errno(errno))
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		f.Close()
	}
	return nil
}
