// Package kernelact is the kernel as the actions of lvsdns-notify want it: which
// virtual servers it has, which sync daemons run, and which flows it remembers.
package kernelact
