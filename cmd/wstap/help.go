package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// help prints a command's help: what it does, how it is called, its flags in
// two groups, and examples.
func (p *program) help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	fmt.Fprintln(w, cmd.Long)
	fmt.Fprintln(w, "\nUsage:")
	words := strings.TrimSpace(strings.TrimPrefix(cmd.Use, "wstap"))
	switch {
	case cmd.Flags().Lookup("read-file") == nil:
		fmt.Fprintf(w, "  wstap %s\n", words)
	case !cmd.HasParent():
		fmt.Fprintln(w, "  wstap [COMMAND] -r FILE [FLAGS]\n  wstap [COMMAND] -i INTERFACE [FLAGS]")
	default:
		fmt.Fprintf(w, "  wstap %s -r FILE [FLAGS]\n  wstap %[1]s -i INTERFACE [FLAGS]\n", words)
	}
	if !cmd.HasParent() {
		fmt.Fprintln(w, "\nCommands:")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				fmt.Fprintf(w, "  %-13s %s\n", c.Name(), c.Short)
			}
		}
	}
	if cmd.Flags().Lookup("read-file") != nil {
		var f flags
		helpFlags(w, "Input", f.input())
		helpFlags(w, "Output", f.output())
	}
	fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
}

func helpFlags(w io.Writer, title string, s *pflag.FlagSet) {
	fmt.Fprintf(w, "\n%s:\n", title)
	s.VisitAll(func(f *pflag.Flag) {
		argument, usage := pflag.UnquoteUsage(f)
		if f.Value.Type() == "bool" {
			argument = ""
		}
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		fmt.Fprintf(w, "  %-44s %s\n", name+" "+argument, usage)
	})
}
