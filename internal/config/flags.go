package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// Arguments is what a command line says.
type Arguments struct {
	File    string // of settings
	Asked   bool   // for this file by name
	Flags   Flags
	Help    bool
	Version bool
}

// Checked is what check-config says of settings that are right.
func (a Arguments) Checked() string {
	if _, err := os.Stat(a.File); err != nil && !a.Asked {
		return a.File + ": there is no such file, so the defaults hold"
	}
	return a.File + ": nothing is wrong with it"
}

// ExporterArguments reads the command line of lvsdns-exporter, without the name of the program.
func ExporterArguments(args []string) (Arguments, error) {
	return arguments(NewExporter().options(), ExporterFile, args)
}

func arguments(options []option, file string, args []string) (Arguments, error) {
	a := Arguments{File: file, Flags: Flags{}}
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.Func("config", "", func(s string) error {
		a.File, a.Asked = s, true
		return nil
	})
	fs.BoolVar(&a.Help, "help", false, "")
	fs.BoolVar(&a.Help, "h", false, "")
	fs.BoolVar(&a.Version, "version", false, "")
	for _, o := range options {
		note := func(s string) error {
			a.Flags[o.key] = append(a.Flags[o.key], s)
			return nil
		}
		switch o.value.(type) {
		case truth, truthOr: // the flag alone is true
			fs.BoolFunc(o.key, "", note)
		default:
			fs.Func(o.key, "", note)
		}
	}
	if err := fs.Parse(args); err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
			if best := nearest(options, name); best != "" {
				return a, fmt.Errorf("--%s: no such flag; did you mean --%s?", name, best)
			}
			return a, fmt.Errorf("--%s: no such flag; --help lists them", name)
		}
		if name, ok := strings.CutPrefix(err.Error(), "flag needs an argument: -"); ok {
			return a, fmt.Errorf("--%s: needs a value", name)
		}
		return a, err
	}
	if fs.NArg() > 0 {
		return a, fmt.Errorf("%q is no flag: flags begin with --", fs.Arg(0))
	}
	if a.Asked && a.File == "" {
		return a, errors.New("--config: needs the name of a file")
	}
	return a, nil
}

// ExporterUsage lists the flags of lvsdns-exporter.
func ExporterUsage() string {
	return usage(NewExporter().options(), ExporterFile,
		"usage: lvsdns-exporter [flags]\n       lvsdns-exporter check-config [flags]   are the settings right? Nothing is served\n\nServes what IPVS, keepalived and the checks of this host say, as metrics, JSON and a page. It reads only.\nSIGHUP makes it read its settings anew; settings with a mistake change nothing.\n\n") +
		"  --version\n        say which version this is\n"
}

// ExporterReference is the settings file that is packaged, with every key: the unit beside it lets the exporter capture.
func ExporterReference() string {
	e := NewExporter()
	e.DNS.Capture = Auto
	return reference(e.options(), "lvsdns-exporter", "default, but for dns.capture, which is false without this file", ExporterFile, "--web.listen-address")
}

func usage(options []option, file, head string) string {
	var b strings.Builder
	b.WriteString(head)
	fmt.Fprintf(&b, "  --config FILE\n        settings; the flags below have the same names (default %s, which need not exist)\n", file)
	for _, o := range options {
		fmt.Fprintf(&b, "  --%s (default %s)\n        %s\n", o.key, o.yaml(), strings.ReplaceAll(o.doc, "\n", "\n        "))
	}
	return b.String()
}

func reference(options []option, program, at, file, example string) string {
	var b strings.Builder
	fmt.Fprintf(
		&b,
		"# Settings of %s, each at its %s: %s.\n# Every key is a flag as well, such as %s. A key that does not exist is an error.\n",
		program, at, file, example,
	)
	open := ""
	for _, o := range options {
		section, key, nested := strings.Cut(o.key, ".")
		indent := "  "
		switch {
		case !nested:
			key, indent = o.key, ""
			b.WriteString("\n")
		case section != open:
			open = section
			fmt.Fprintf(&b, "\n%s:\n", section)
		}
		fmt.Fprintf(&b, "%s# %s\n", indent, strings.ReplaceAll(o.doc, "\n", "\n"+indent+"# "))
		fmt.Fprintf(&b, "%s%s: %s\n", indent, key, o.yaml())
	}
	return b.String()
}
