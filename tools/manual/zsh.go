package main

import (
	"fmt"
	"strings"
)

// inZsh makes text mean itself in a specification of _arguments between single quotes.
var inZsh = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`, "'", `'\''`)

// zsh is the completion for zsh.
func zsh(program string, h help) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#compdef %s\n# Completes %s in zsh. %s\n\n", program, program, madeBy)
	if len(h.commands) == 0 {
		fmt.Fprintf(&b, "_arguments%s \\\n\t'*: : '\n", zshFlags("\t", h.flags()))
		return b.String()
	}
	b.WriteString("local context state state_descr line\ntypeset -A opt_args\n")
	fmt.Fprintf(&b, "_arguments -C%s \\\n\t'1: :->command' \\\n\t'*:: :->rest' && return\n", zshFlags("\t", h.flags()))
	b.WriteString("case $state in\ncommand)\n\tlocal -a commands=(\n")
	for _, c := range h.commands {
		fmt.Fprintf(&b, "\t\t'%s:%s'\n", c.name, strings.ReplaceAll(shorten(c.brief), "'", `'\''`))
	}
	b.WriteString("\t)\n\t_describe -t commands command commands\n\t;;\nrest)\n\tcase $words[1] in\n")
	for _, c := range places(h)[1:] {
		if len(c.flags) > 0 {
			fmt.Fprintf(&b, "\t%s)\n\t\t_arguments%s \\\n\t\t\t'*: : '\n\t\t;;\n", c.command, zshFlags("\t\t\t", c.flags))
		}
	}
	b.WriteString("\tesac\n\t;;\nesac\n")
	return b.String()
}

// zshFlags are specifications, each on a line of its own.
func zshFlags(indent string, flags []option) string {
	var b strings.Builder
	for _, o := range flags {
		spec := "--" + o.name
		if o.repeat {
			spec = "*" + spec
		}
		if o.value != "" {
			spec += "="
		}
		spec += "[" + inZsh.Replace(o.short()) + "]"
		switch o.kind() {
		case valueNone:
		case valueChoice:
			spec += ":" + o.name + ":(" + strings.Join(o.values, " ") + ")"
		case valueFile:
			spec += ":file:_files"
		case valueDirectory:
			spec += ":directory:_files -/"
		default:
			spec += ":" + inZsh.Replace(o.value) + ": "
		}
		fmt.Fprintf(&b, " \\\n%s'%s'", indent, spec)
	}
	return b.String()
}
