package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version prints which build this is.
func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "which build this is",
		Long:    "version prints the version of wstap, its revision, and with what it was built.",
		Example: "  wstap version",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return p.printVersion() },
	}
}

func (p *program) printVersion() error {
	_, err := fmt.Fprintln(p.stdout, versionLine())
	return err
}

// buildVersion is the version alone.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func versionLine() string {
	revision, cgo := "", "without"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && len(s.Value) >= 12:
				revision = " " + s.Value[:12]
			case s.Key == "CGO_ENABLED" && s.Value == "1":
				cgo = "with"
			}
		}
	}
	return fmt.Sprintf("wstap %s%s, %s %s/%s, %s live capture", buildVersion(), revision, runtime.Version(), runtime.GOOS, runtime.GOARCH, cgo)
}
