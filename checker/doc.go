// Package checker answers one question: is this name server fit to serve?
//
// A [Check] says what to ask, how and from where; [Check.Run] asks inside one
// deadline and returns a [Report]. Three steps, each in its own files:
//
//   - exchange (udp.go, stream.go): packets, sockets, time. The only part with
//     I/O; what it saw goes into a [Leg] as a value.
//   - judge (judge.go): legs × expectations → an [Outcome] and a reason.
//     Pure.
//   - exit (exit.go): outcome × [ExitMode] → the exit status. Pure.
//
// The package fails closed: the zero Outcome is [Internal], only [Pass] is a
// pass, and whatever is not understood is not a pass.
package checker
