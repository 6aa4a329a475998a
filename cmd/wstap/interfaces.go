package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wstap/capture"
)

// interfaces lists what can be captured on.
func (p *program) interfaces() *cobra.Command {
	return &cobra.Command{
		Use:     "interfaces",
		Short:   "the interfaces to capture on",
		Long:    "interfaces lists the interfaces that -i takes, with their state and addresses.",
		Example: "  wstap interfaces",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			devices, err := capture.Devices()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
			for _, d := range devices {
				fmt.Fprintf(w, "%s\t%s", d.Name, state(d))
				if text := about(d); text != "" {
					fmt.Fprintf(w, "\t%s", text)
				}
				fmt.Fprintln(w)
			}
			return w.Flush()
		},
	}
}

func state(d capture.Device) string {
	switch {
	case !d.Up:
		return "down"
	case !d.Running:
		return "no carrier"
	}
	return "up"
}

// about is a device's addresses, or else what it is described as.
func about(d capture.Device) string {
	var all []string
	for _, a := range d.Addresses {
		all = append(all, a.String())
	}
	if len(all) == 0 && d.Description != "" {
		return "(" + d.Description + ")"
	}
	return strings.Join(all, ", ")
}
