// Package conntrack says what it is for.
package conntrack

import (
	_ "github.com/mdlayher/netlink/nlenc"
	_ "github.com/ti-mo/conntrack"
)
