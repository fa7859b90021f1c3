package config

import (
	"strconv"
)

// truthOr is true, false or a word.
type truthOr struct {
	to   *string
	word string
}

func (v truthOr) set(raw any) error {
	if b, ok := raw.(bool); ok {
		*v.to = strconv.FormatBool(b)
		return nil
	}
	if raw != v.word {
		return want("true, false or "+v.word, raw)
	}
	*v.to = v.word
	return nil
}

func (v truthOr) parse(words []string) error {
	switch s := last(words); s {
	case "true", "false":
		*v.to = s
		return nil
	default:
		return v.set(s)
	}
}
func (v truthOr) yaml() string { return *v.to }

// logfmt is the format of Prometheus's own programs: key=value, a record a line. log/slog calls it text.
const (
	logfmt       = "logfmt"
	logFormatDoc = "Format of the log: logfmt or json. text is another name for logfmt."
)

// logFormat is how the log is written.
type logFormat struct{ to *string }

func (v logFormat) set(raw any) error {
	switch raw {
	case logfmt, "text":
		*v.to = logfmt
	case "json":
		*v.to = "json"
	default:
		return want("logfmt or json", raw)
	}
	return nil
}
func (v logFormat) parse(words []string) error { return v.set(last(words)) }
func (v logFormat) yaml() string               { return *v.to }
