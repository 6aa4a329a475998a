package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// man prints the manual page, from the same words as --help.
func (p *program) man() *cobra.Command {
	return &cobra.Command{
		Use:     "man",
		Short:   "the manual page",
		Long:    "man prints the manual page wstap(1), in the man macros of roff.",
		Example: "  wstap man | man -l -\n  wstap man > /usr/local/share/man/man1/wstap.1",
		Hidden:  true,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var b strings.Builder
			manPage(&b, cmd.Root())
			_, err := io.WriteString(p.stdout, b.String())
			return err
		},
	}
}

// manPage writes the page of root and all its commands, in the macros of man(7).
func manPage(b *strings.Builder, root *cobra.Command) {
	b.WriteString(".TH WSTAP 1 \"\" wstap \"User Commands\"\n")
	fmt.Fprintf(b, ".SH NAME\nwstap \\- %s\n", roff(root.Short))
	b.WriteString(".SH SYNOPSIS\n.B wstap\n.RI [ COMMAND ]\n.B \\-r\n.I FILE\n.RI [ FLAGS ]\n.br\n" +
		".B wstap\n.RI [ COMMAND ]\n.B \\-i\n.I INTERFACE\n.RI [ FLAGS ]\n")
	b.WriteString(".SH DESCRIPTION\n")
	manText(b, root.Long)
	b.WriteString(".SH COMMANDS\n")
	for _, c := range root.Commands() {
		if c.Hidden {
			continue
		}
		fmt.Fprintf(b, ".SS wstap %s\n", roff(c.Use))
		manText(b, c.Long)
		manFlags(b, ownFlags(c))
		manExample(b, c.Example)
	}
	var f flags
	b.WriteString(".SH INPUT FLAGS\n")
	manFlags(b, f.input())
	b.WriteString(".SH OUTPUT FLAGS\n")
	manFlags(b, f.output())
	b.WriteString(".SH EXIT STATUS\n")
	manList(b,
		"0", "done, also on SIGINT and SIGTERM, and when nothing was found",
		"1", "a flag, argument or filter is wrong",
		"2", "reading or writing failed; what was whole has been printed")
	b.WriteString(".SH ENVIRONMENT\n")
	manList(b,
		"NO_COLOR", "no colors, unless --color always asks for them",
		"LC_ALL, LC_CTYPE, LANG", "where the locale is not UTF-8, all that is not ASCII is escaped")
	b.WriteString(".SH EXAMPLES\n")
	manExample(b, root.Example)
	b.WriteString(".SH SEE ALSO\n.BR tshark (1),\n.BR tcpdump (1),\n.BR pcap\\-filter (7)\n")
}

// manText writes paragraphs, which blank lines part.
func manText(b *strings.Builder, text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		b.WriteString(roff(paragraph) + "\n")
	}
}

// manList writes pairs of a term and what it means.
func manList(b *strings.Builder, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(pairs[i]), roff(pairs[i+1]))
	}
}

func manFlags(b *strings.Builder, s *pflag.FlagSet) {
	s.VisitAll(func(f *pflag.Flag) {
		argument, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		fmt.Fprintf(b, ".TP\n\\fB%s\\fR", roff(name))
		if f.Value.Type() != "bool" {
			fmt.Fprintf(b, " \\fI%s\\fR", roff(argument))
		}
		fmt.Fprintf(b, "\n%s\n", roff(usage))
	})
}

// manExample writes lines as they stand.
func manExample(b *strings.Builder, text string) {
	fmt.Fprintf(b, ".PP\n.nf\n%s\n.fi\n", roff(text))
}

// roff escapes backslashes, hyphens, which are to stay those of ASCII, what is
// not ASCII, and dots and quotes at the begin of a line, where they would make
// it a request.
func roff(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r >= utf8.RuneSelf:
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	lines := strings.Split(b.String(), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
