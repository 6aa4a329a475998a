package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wstap/report"
)

// flagError turns a fault that pflag found into a line that says what to do.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(cmd, unknown)
	case errors.As(err, &missing):
		argument, _ := pflag.UnquoteUsage(missing.GetFlag())
		return usagef("%s needs an argument: %s", spelled(missing.GetFlag()), argument)
	case errors.As(err, &invalid):
		why := invalid.Unwrap().Error()
		if strings.HasPrefix(why, "strconv.") {
			why = "want a whole number"
		}
		return usagef("%s %s: %s", spelled(invalid.GetFlag()), invalid.GetValue(), why)
	}
	return usagef("%v", err)
}

func unknownFlag(cmd *cobra.Command, e *pflag.NotExistError) error {
	name := e.GetSpecifiedName()
	if e.GetSpecifiedShortnames() != "" {
		return usagef("unknown flag -%s: %s --help lists those there are", name, cmd.CommandPath())
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := report.Nearest(name, names); near != "" {
		return usagef("unknown flag --%s: did you mean --%s?", name, near)
	}
	return usagef("unknown flag --%s: %s --help lists those there are", name, cmd.CommandPath())
}

// spelled is a flag as people type it.
func spelled(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

// unexpected is the error for words that no command takes. Who comes from
// other tools names the file without -r.
func unexpected(cmd *cobra.Command, args []string) error {
	word := args[0]
	if info, err := os.Stat(word); err == nil && !info.IsDir() {
		read := "-r " + word
		if strings.ContainsAny(word, " '\"\\$*?;&|<>()") {
			read = fmt.Sprintf("-r %q", word)
		}
		return usagef("%s is a file: read it with %s", word, strings.TrimSpace(cmd.CommandPath()+" "+read))
	}
	if cmd.HasParent() {
		return usagef("%s takes no argument %q", cmd.Name(), word)
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	if near := report.Nearest(word, names); near != "" {
		return usagef("unknown command %q: did you mean %s?", word, near)
	}
	return usagef("unknown command %q: wstap --help lists those there are", word)
}
