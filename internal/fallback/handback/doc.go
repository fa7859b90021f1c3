// Package handback gives the table back to keepalived: it ends who holds it, has
// keepalived started, and watches until keepalived's first checks have run and
// the table is what it believes.
package handback
