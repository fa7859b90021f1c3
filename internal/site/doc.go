// Package site answers one question: which keepalived is this host's, and what
// does it ask for and believe?
//
// Every program that reads keepalived.conf does it by [Keepalived.Read], so that
// all of them read the same thing: with the lines of its id, by the rules of the
// version that runs, from below one root. Where keepalived has its pid files,
// its state dump and its virtual servers follows from that.
package site
