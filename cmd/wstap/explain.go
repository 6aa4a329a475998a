package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"wstap/report"
	"wstap/report/diagnose"
)

// explain prints the page on a finding.
func (p *program) explain() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain CODE",
		Short: "what a finding of diagnose means, and what to do",
		Long: `explain prints the page on a finding: what it is, what it looks like in a
capture, and what to do. Without CODE it lists all findings.`,
		Example: `  wstap explain
  wstap explain port-filtered`,
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if len(args) == 0 {
				for _, c := range diagnose.Codes() {
					if _, err := fmt.Fprintf(out, "%-8s %-21s %s\n", c.Severity(), c, c.Title()); err != nil {
						return err
					}
				}
				return nil
			}
			c, ok := diagnose.ParseCode(args[0])
			if !ok || len(args) > 1 {
				var names []string
				for _, c := range diagnose.Codes() {
					names = append(names, c.String())
				}
				if near := report.Nearest(args[0], names); near != "" && near != args[0] {
					return usagef("no finding %q: did you mean %s?", args[0], near)
				}
				return usagef("no finding %q: wstap explain lists those there are", args[0])
			}
			_, err := fmt.Fprint(out, c.Page())
			return err
		},
	}
	return cmd
}
