package checker

import "fmt"

// Outcome says how a check ended. The set is closed; its names are part of
// the JSON output and of the metrics, so they never change meaning.
type Outcome uint8

// The outcomes. The zero value is Internal, so that a forgotten assignment is
// never a pass.
const (
	Internal      Outcome = iota // a bug in the checker itself
	Usage                        // the command line is wrong
	Local                        // this host could not ask: source address, rights, firewall, descriptors
	Terminated                   // told to stop before there was a verdict
	Pass                         // the answer is what was asked for
	Timeout                      // nothing that counts came in time
	Unreachable                  // port closed, or no way there (ICMP, reset at connect)
	Closed                       // the connection ended before a whole answer came
	WrongSource                  // answers came, from another address or port
	WrongID                      // answers came, with another message ID
	WrongQuestion                // answers came, to another question
	NotResponse                  // packets came that are not responses (QR=0)
	Malformed                    // packets came that are no valid DNS messages
	Late                         // the answer to an earlier try, too late to count
	BadTSIG                      // answers came, their signature is missing or wrong
	Truncated                    // truncated, and TCP gave no whole answer
	Disagree                     // UDP and TCP answer with different rcodes
	Rcode                        // an rcode that is not expected
	NSID                         // another server answered, by its name (RFC 5001)
	Flags                        // a flag that must be set is not, or the reverse
	Answers                      // too few records that answer the question
	Mismatch                     // no answer record has the text that is wanted
	Slow                         // right, and slower than allowed
	BadTLS                       // the TLS session could not be set up
	BadHTTP                      // the HTTPS server answered with something else than DNS

	outcomes // how many there are
)

// outcomeNames holds the public name of each outcome and what it means for an
// operator; docs and `--help` are made from it.
var outcomeNames = [outcomes]struct{ name, meaning string }{
	Internal:      {"internal", "a bug in the checker; please report it"},
	Usage:         {"usage", "the command line is wrong"},
	Local:         {"local", "this host could not ask (source address, interface, rights, firewall, descriptors)"},
	Terminated:    {"terminated", "told to stop before there was a verdict"},
	Pass:          {"pass", "the answer is what was asked for"},
	Timeout:       {"timeout", "no answer within the deadline"},
	Unreachable:   {"unreachable", "the port is closed or there is no way to the server"},
	Closed:        {"closed", "the server closed the connection before a whole answer"},
	WrongSource:   {"wrong_source", "only answers from another address or port"},
	WrongID:       {"wrong_id", "only answers with another message ID"},
	WrongQuestion: {"wrong_question", "only answers to another question"},
	NotResponse:   {"not_response", "only packets that are no responses (QR=0)"},
	Malformed:     {"malformed", "only packets that are no valid DNS messages"},
	Late:          {"late", "only the answer to an earlier try"},
	BadTSIG:       {"tsig", "only answers whose TSIG is missing or wrong"},
	Truncated:     {"truncated", "truncated, and TCP gave no whole answer"},
	Disagree:      {"disagree", "UDP and TCP answer with different rcodes"},
	Rcode:         {"rcode", "an rcode that is not expected"},
	NSID:          {"nsid", "another server answered, by its NSID"},
	Flags:         {"flags", "a header flag is not as required"},
	Answers:       {"answers", "too few records that answer the question"},
	Mismatch:      {"mismatch", "no answer record matches what is wanted"},
	Slow:          {"slow", "right, but slower than allowed"},
	BadTLS:        {"tls", "no TLS session with the server"},
	BadHTTP:       {"http", "the HTTPS server did not answer with DNS"},
}

// String returns the public name of the outcome, "internal" for a value
// outside the set.
func (o Outcome) String() string { return outcomeNames[o.known()].name }

// Meaning returns one line for an operator on what the outcome stands for.
func (o Outcome) Meaning() string { return outcomeNames[o.known()].meaning }

// MarshalText returns the public name of the outcome.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the public name of an outcome.
func (o *Outcome) UnmarshalText(name []byte) error {
	for i, known := range outcomeNames {
		if string(name) == known.name {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no outcome of a check", name)
}

func (o Outcome) known() Outcome {
	if o >= outcomes {
		return Internal
	}
	return o
}

// IsVerdict reports whether the outcome says something about the name server.
// What is no verdict (a wrong flag, a signal, a bug, this host's own trouble)
// is still never a pass.
func (o Outcome) IsVerdict() bool {
	switch o.known() {
	case Internal, Usage, Local, Terminated:
		return false
	default:
		return true
	}
}

// Outcomes returns the whole closed set, in order.
func Outcomes() []Outcome {
	all := make([]Outcome, outcomes)
	for i := range all {
		all[i] = Outcome(i)
	}
	return all
}
