// Package config answers one question: how is a daemon set up? It reads a YAML
// file and flags into typed, checked settings, once, and strictly: a key that
// does not exist or a value that makes no sense is an error that says where it
// stands and how to mend it. After that nobody sees text.
//
// Each setting is one row of a table, which is also its flag, its line in the
// reference file and its documentation.
package config
