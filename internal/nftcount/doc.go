// Package nftcount answers one question: how many packets and bytes of DNS has
// nftables counted for each virtual server? The operator loads the rules that
// Ruleset writes; Read reads their counters, and nothing here changes any.
package nftcount
