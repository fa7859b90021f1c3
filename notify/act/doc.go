// Package act answers one question: what has to be done now that an instance is
// in this state, and how did it go? Plan is pure: the journal and the rules give
// steps. A Worker runs them, each with a deadline; one that fails or hangs does
// not hold up the others, and all that is found out goes into the journal.
//
// An action is told the settled state, never what a script was started with, and doing it
// twice is as good as once. One that is under way when the state changes is called off.
package act
