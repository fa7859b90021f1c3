// Package fallback answers one question: who programs IPVS when keepalived's
// checker cannot?
//
// [Run] is one loop: triggers meet in it, and each pass is guard, then
// observation, then plan, then apply. Whatever ends it leaves the table as it
// is. Its parts are packages of their own: plan, health, probe, guard, apply.
package fallback
