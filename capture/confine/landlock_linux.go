//go:build linux && cgo

package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The rights that each version of Landlock knows (landlock(7)). A right that is
// handled and not granted by a rule is refused.
const (
	filesV1 = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1 // the first 13
	filesV2 = filesV1 | unix.LANDLOCK_ACCESS_FS_REFER
	filesV3 = filesV2 | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	filesV5 = filesV3 | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	tcpV4   = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP

	readRights  = unix.LANDLOCK_ACCESS_FS_READ_FILE
	writeRights = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE
)

// ruleset makes the rules of p. It returns -1 and version 0 where the kernel has
// no Landlock, or it is not switched on.
func (p Plan) ruleset() (fd, version int, err error) {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return -1, 0, nil
	}
	version = int(v)
	handled := unix.LandlockRulesetAttr{Handled_access_fs: filesV1}
	switch {
	case version >= 5:
		handled.Handled_access_fs = filesV5
	case version >= 3:
		handled.Handled_access_fs = filesV3
	case version == 2:
		handled.Handled_access_fs = filesV2
	}
	if version >= 4 {
		handled.Handled_access_net = tcpV4
	}
	// A kernel that knows fewer fields takes the longer struct if they are zero.
	r, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&handled)), unsafe.Sizeof(handled), 0)
	if errno != 0 {
		return -1, 0, fmt.Errorf("no Landlock rules: %w", errno)
	}
	fd = int(r)
	for rights, dirs := range map[uint64][]string{readRights: p.Read, writeRights: p.Write} {
		for _, dir := range dirs {
			if err := allow(fd, dir, rights&handled.Handled_access_fs); err != nil {
				unix.Close(fd)
				return -1, 0, err
			}
		}
	}
	return fd, version, nil
}

// allow grants rights beneath dir, or what is there of its path.
func allow(ruleset int, dir string, rights uint64) error {
	at, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0)
	for ; errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir; at, err = unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0) {
		dir = filepath.Dir(dir)
	}
	if err != nil {
		return fmt.Errorf("no Landlock rule for %s: %w", dir, err)
	}
	defer unix.Close(at)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(at)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("no Landlock rule for %s: %w", dir, errno)
	}
	return nil
}
