package main

import (
	"fmt"
	"strings"
)

// bash is the completion for bash. It needs nothing of the package bash-completion.
func bash(program string, h help) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Completes %s in bash. %s\n%s() {\n", program, madeBy, function(program))
	b.WriteString(`	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' flag='' words='' i
	COMPREPLY=()
	# bash takes --flag=value for three words.
	if [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi
	[[ $prev == -* ]] && flag=${prev#-} && flag=${flag#-}
`)
	if names := commandNames(h); len(names) > 0 {
		fmt.Fprintf(&b, `	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		%s) command=${COMP_WORDS[i]} && break ;;
		esac
	done
`, strings.Join(names, " | "))
	}
	b.WriteString("\tcase $command:$flag in\n")
	for _, c := range places(h) {
		for _, o := range c.flags {
			fmt.Fprint(&b, bashValue(c.command, o))
		}
	}
	b.WriteString("\tesac\n\tcase $command in\n")
	for _, c := range places(h) {
		words := []string{}
		if c.command == "" {
			words = commandNames(h)
		}
		for _, o := range c.flags {
			words = append(words, "--"+o.name)
		}
		fmt.Fprintf(&b, "\t'%s') words='%s' ;;\n", c.command, strings.Join(words, " "))
	}
	b.WriteString("\tesac\n\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n")
	fmt.Fprintf(&b, "complete -F %s %s\n", function(program), program)
	return b.String()
}

func bashValue(command string, o option) string {
	offer := ""
	switch o.kind() {
	case valueNone:
		return ""
	case valueChoice:
		offer = fmt.Sprintf(`mapfile -t COMPREPLY < <(compgen -W '%s' -- "$cur"); `, strings.Join(o.values, " "))
	case valueFile:
		offer = `compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); `
	case valueDirectory:
		offer = `compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); `
	}
	return fmt.Sprintf("\t%s:%s) %sreturn ;;\n", command, o.name, offer)
}
