//go:build linux && cgo

package confine

/*
#cgo LDFLAGS: -pthread
#include <stdlib.h>
#include "threads_linux.h"
*/
import "C"

import (
	"fmt"
	"io/fs"
	"runtime"
	"syscall"
	"unsafe"
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
	try := func(path *C.char) error {
		if errno := C.try_open(C.uid_t(u.UID), C.gid_t(u.GID), path); errno != 0 {
			return syscall.Errno(errno)
		}
		return nil
	}
	if err := try(nil); err != nil {
		return fmt.Errorf("user %d: %w", u.UID, err)
	}
	for _, name := range files {
		path := C.CString(name)
		err := try(path)
		C.free(unsafe.Pointer(path))
		if err != nil {
			return &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
	return nil
}
