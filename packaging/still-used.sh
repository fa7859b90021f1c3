#!/bin/sh
# Says what goes wrong on this director without the programs of lvsdns, a line for each: still-used [ROOT].
# Silent when nothing does. The package asks before it is removed. Whoever removes a package is told, and not held up.
configuration=${1:-}/etc/keepalived

# tell PROGRAM CONSEQUENCE: where keepalived's configuration names it. What stands behind # or ! is a comment.
tell() {
	lines=$(grep -RInE "^[^#!]*/$1(-tls|-act)?([^[:alnum:]-]|\$)" "$configuration" 2>/dev/null) || return 0
	place=$(printf '%s\n' "$lines" | sed -n '1s/^\([^:]*:[0-9]*\):.*/\1/p')
	others=$(($(printf '%s\n' "$lines" | wc -l) - 1))
	[ "$others" = 0 ] || place="$place (and $others more)"
	echo "lvsdns: $place still runs $1. $2 Change the file and reload keepalived." >&2
}

tell lvsdns-check "keepalived counts a check that it cannot run as passed, so dead name servers get clients."
tell lvsdns-notify "At the next failover nothing of /etc/lvsdns/notify.yaml is done."
exit 0
