package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// ask has a program print its help, and that of each of its commands.
func ask(dir, name string) (help, error) {
	h, text, err := askOne(dir, name)
	if err != nil {
		return h, err
	}
	h.add(option{name: "help", doc: []string{"print what can be asked, and end"}})
	h.add(option{name: "version", doc: []string{"print the version, and end"}})
	said := map[string]string{text: name}
	for i, c := range h.commands {
		if c.usage == nil { // its help is its own
			own, text, err := askOne(dir, name, c.name)
			if err != nil {
				return h, err
			}
			own.name, own.brief, own.taken = c.name, c.brief, said[text]
			if own.taken == "" {
				said[text] = c.name
			}
			c = own
		}
		if len(c.groups) == 0 {
			continue // a word, and no more
		}
		c.add(option{name: "help", doc: []string{"print what can be asked, and end"}})
		h.commands[i] = c
	}
	return h, nil
}

// askOne runs the program with --help. That of a checker ends with 1: see its --help.
func askOne(dir string, words ...string) (help, string, error) {
	out, err := exec.Command(filepath.Join(dir, words[0]), append(words[1:], "--help")...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 && len(out) > 0 {
		err = nil
	}
	if err != nil {
		return help{}, "", fmt.Errorf("%q: %w", words, err)
	}
	h, err := parse(string(out))
	if err != nil {
		err = fmt.Errorf("%q: %w", words, err)
	}
	return h, string(out), err
}
