// Package host answers one question: what does this host say of itself, in its
// proc file system, its sysctls and its files? Every reader takes the root of
// the file system as a parameter.
package host
