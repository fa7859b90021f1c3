// Package help answers one question: does somebody ask a program for its help?
package help

// Asked reports whether a word asks for help, as package flag takes it.
func Asked(word string) bool { return word == "-h" || word == "-help" || word == "--help" }

// AskedOf reports whether a command line asks a command for help, with no other word behind it.
func AskedOf(command []string) bool { return len(command) == 2 && Asked(command[1]) }
