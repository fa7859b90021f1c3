// Package checker answers one question: is this name server fit to serve?
//
// A [Check] says what to ask, how and from where; [Check.Run] asks inside one
// deadline and returns a [Result]. Two steps, each in its own files:
//
//   - exchange (udp.go, stream.go): packets, sockets, time. The only part with
//     I/O; what it saw goes on as values.
//   - judge (judge.go): what was seen × expectations → an [Outcome] and a reason.
//     Pure.
//
// What becomes of a result is for others to say: package exit makes an exit
// status of it, package report writes and reads it, package command is the
// command line of lvsdns-check around all of them.
//
// An outcome has one of three meanings. [Pass]: the server is fit to serve. Any
// other for which [Outcome.IsVerdict] is true: it is not. What is no verdict, such
// as [Local], says nothing about the server: who decides about real servers leaves
// this one as it is.
//
// The package fails closed: the zero Outcome is [Internal], only [Pass] is a
// pass, and whatever is not understood is not a pass.
package checker
