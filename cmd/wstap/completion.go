package main

import (
	"strings"

	"github.com/spf13/cobra"

	"wstap/capture"
)

// completion prints the script by which a shell completes wstap's commands,
// flags, formats, and interfaces.
func (p *program) completion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "completion of commands, flags and interfaces",
		Long: `completion prints a script by which bash, zsh or fish complete the commands and
flags of wstap, the formats of -T and -t, and the interfaces of -i.`,
		Example: `  source <(wstap completion bash)                         # in this shell
  wstap completion bash > /etc/bash_completion.d/wstap    # for all users
  wstap completion zsh > "${fpath[1]}/_wstap"
  wstap completion fish > ~/.config/fish/completions/wstap.fish`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("which shell? give one of %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(p.stdout, true)
			case "zsh":
				return root.GenZshCompletion(p.stdout)
			case "fish":
				return root.GenFishCompletion(p.stdout, true)
			}
			return usagef("shell %q: want one of %s", args[0], strings.Join(shells, ", "))
		},
	}
}

// completeFlags says what the arguments of the flags of cmd can be. Those that
// name files, and are not told of here, the shell completes by itself.
func completeFlags(cmd *cobra.Command) {
	const (
		whole = cobra.ShellCompDirectiveNoFileComp
		begun = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	for flag, complete := range map[string]cobra.CompletionFunc{
		"interface":       completeInterface,
		"format":          cobra.FixedCompletions(outputFormats, begun),
		"time-format":     cobra.FixedCompletions([]string{"r", "a", "ad", "adoy", "d", "e", "u", "ud", "udoy"}, whole),
		"color":           cobra.FixedCompletions([]string{"auto", "always", "never"}, whole),
		"payload-limit":   cobra.FixedCompletions([]string{"none"}, whole),
		"autostop":        cobra.FixedCompletions([]string{"duration:", "packets:"}, begun),
		"decode-as":       cobra.FixedCompletions([]string{"tcp.port=="}, begun),
		"capture-filter":  cobra.NoFileCompletions,
		"count":           cobra.NoFileCompletions,
		"snapshot-length": cobra.NoFileCompletions,
		"buffer-size":     cobra.NoFileCompletions,
	} {
		// It fails only for a flag that is not there, which a test would show.
		_ = cmd.RegisterFlagCompletionFunc(flag, complete)
	}
}

// completeInterface lists the interfaces with their state.
func completeInterface(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	devices, err := capture.Devices()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var all []cobra.Completion
	for _, d := range devices {
		all = append(all, cobra.CompletionWithDesc(d.Name, state(d)))
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}
