package checker

// Spelling is how settings are written where a check is configured, so that a
// reason can say what to change there: "--name" on a command line. What is empty
// is left to the reader.
type Spelling struct {
	Program string // who asks
	Name    string // of a [Question]
	NoEDNS  string // of an [Ask]

	// Of the options of package encrypted.
	TLSName, TLSCA, HTTPSPath string
}
