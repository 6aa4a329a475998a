package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"wstap/capture/confine"
)

// nobodyID is the number of nobody and its group where no file tells it.
const nobodyID = 65534

// The two capabilities that may be kept (capabilities(7)).
const (
	capDACOverride   = 1
	capDACReadSearch = 2
)

// confine gives up, once a live capture and its outputs are open, what is needed
// no more: root becomes nobody, capabilities go, and Landlock keeps the rest of
// the file system away. What is opened later must stay possible: new files of
// -b, and key logs, which may be replaced. If nobody could not do that, root
// stays root, with the one capability that it takes.
func (p *program) confine(f *flags, src source) error {
	if !src.live || f.noDrop {
		return nil
	}
	// Read now: the time zone is loaded when it is first asked for.
	_ = time.Now().Local().String()

	var plan confine.Plan
	if f.iface != "any" {
		// There libpcap reads what the interface has dropped.
		plan.Read = append(plan.Read, filepath.Join("/sys/class/net", f.iface, "statistics"))
	}
	for _, name := range f.keys.files {
		plan.Read = append(plan.Read, filepath.Dir(name))
		if target, err := filepath.EvalSymlinks(name); err == nil {
			plan.Read = append(plan.Read, filepath.Dir(target))
		}
	}
	if f.write.createsLater() {
		plan.Write = append(plan.Write, filepath.Dir(f.write.path))
	}
	if os.Geteuid() == 0 {
		if why := p.leaveRoot(f, &plan); why != "" && !f.quiet {
			p.complain(why)
		}
	}
	if _, err := plan.Apply(); err != nil {
		return fmt.Errorf("cannot drop privileges: %w; --no-drop keeps them", err)
	}
	return nil
}

// createsLater reports whether -b goes on in new files.
func (w *writing) createsLater() bool { return w.path != "" && w.rotation.Rotates() }

// leaveRoot plans who root becomes. It says why, if that is not nobody.
func (p *program) leaveRoot(f *flags, plan *confine.Plan) (why string) {
	if f.write.createsLater() {
		plan.Capabilities = append(plan.Capabilities, capDACOverride)
		return "stays root, with the capability CAP_DAC_OVERRIDE alone: -b creates files later"
	}
	nobody := nobodyUser()
	err := confine.Try(nobody, f.keys.files...)
	switch {
	case err == nil:
		plan.User = &nobody
		return ""
	case len(f.keys.files) > 0:
		plan.Capabilities = append(plan.Capabilities, capDACReadSearch)
		return fmt.Sprintf("stays root, with the capability CAP_DAC_READ_SEARCH alone: as nobody, %v", err)
	}
	return fmt.Sprintf("stays root, without capabilities: cannot become nobody, %v", err)
}

func nobodyUser() confine.User {
	u, err := user.Lookup("nobody")
	if err != nil {
		return confine.User{UID: nobodyID, GID: nobodyID}
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil || n <= 0 {
			return nobodyID
		}
		return n
	}
	return confine.User{UID: number(u.Uid), GID: number(u.Gid)}
}
