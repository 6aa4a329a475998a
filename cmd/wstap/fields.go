package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wstap/report/dfilter"
)

// fields lists what filters test and columns show.
func (p *program) fields() *cobra.Command {
	return &cobra.Command{
		Use:   "fields [NAME]",
		Short: "the fields of display filters and columns",
		Long: `fields lists the fields that -Y tests and -e prints: name, type and what it is.
Values that have names are told by them too. NAME lists only the fields whose
name holds it.`,
		Example: `  wstap fields
  wstap fields websocket`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			part := strings.Join(args, "")
			w := bufio.NewWriter(p.stdout)
			listed := false
			for _, f := range dfilter.Fields() {
				if !strings.Contains(f.Name, part) {
					continue
				}
				listed = true
				fmt.Fprintf(w, "%-42s  %-16s  %s\n", f.Name, f.Type, f.Text)
			}
			if !listed {
				if near := dfilter.Suggest(part); near != "" {
					return usagef("no field has %q in its name: did you mean %s?", part, near)
				}
				return usagef("no field has %q in its name", part)
			}
			return w.Flush()
		},
	}
}
