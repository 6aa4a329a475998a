package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// help prints a command's help: what it does, how it is called, its flags in
// two groups, and examples. It fits into 80 columns.
func help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "%s\n\nUsage:\n", cmd.Long)
	words := strings.TrimSpace(strings.TrimPrefix(cmd.Use, "wstap"))
	reads := cmd.Flags().Lookup("read-file") != nil
	switch {
	case !reads:
		fmt.Fprintf(w, "  wstap %s\n", words)
	case cmd.HasParent():
		fmt.Fprintf(w, "  wstap %s -r FILE [FLAGS]\n  wstap %[1]s -i INTERFACE [FLAGS]\n", words)
	default:
		fmt.Fprintf(w, "  wstap [COMMAND] -r FILE [FLAGS]\n  wstap [COMMAND] -i INTERFACE [FLAGS]\n\nCommands:\n")
		for _, c := range cmd.Commands() {
			if !c.Hidden {
				fmt.Fprintf(w, "  %-13s %s\n", c.Name(), c.Short)
			}
		}
	}
	if reads {
		var f flags
		helpFlags(w, "Input", f.input())
		helpFlags(w, "Output", f.output())
		helpFlags(w, "Only "+whose(cmd), ownFlags(cmd))
	} else {
		helpFlags(w, "Flags", ownFlags(cmd))
	}
	fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
}

// ownFlags are the flags of a command that other commands do not have.
func ownFlags(cmd *cobra.Command) *pflag.FlagSet {
	var f flags
	in, out := f.input(), f.output()
	own := pflag.NewFlagSet("own", pflag.ContinueOnError)
	own.SortFlags = false
	cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) {
		if in.Lookup(flag.Name) == nil && out.Lookup(flag.Name) == nil && flag.Name != "help" {
			own.AddFlag(flag)
		}
	})
	return own
}

// whose is the command that flags belong to: the default's are those of frames.
func whose(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return cmd.Name()
	}
	return "frames"
}

func helpFlags(w io.Writer, title string, s *pflag.FlagSet) {
	if !s.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	s.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		argument, usage := pflag.UnquoteUsage(f)
		if f.Value.Type() == "bool" {
			argument = ""
		}
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		fmt.Fprintf(w, "  %-28s %s\n", name+" "+argument, usage)
	})
}

// helpCommand is `wstap help COMMAND`, the same as --help.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "help [COMMAND]",
		Short:  "help about a command",
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unexpected(cmd.Root(), args)
			}
			help(about, nil)
			return nil
		},
	}
}
