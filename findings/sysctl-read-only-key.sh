#!/bin/sh
# A setting that this place can only read, and sysctl -w of it.
#
# Expected: sysctl(8) complains and exits with a status that is not 0, as it does for a key that is not there and for a value that
# the kernel refuses. A runbook or a unit that says "sysctl -w … && …" relies on it.
# Seen (procps 4.0.2, Debian 12; also 4.0.4, Debian 13): it complains, and exits with 0. The value is the old one. The reason it
# gives is not the kernel's either: it never writes, and prints whatever errno was.
# Where it matters: net.netfilter.nf_conntrack_max and nf_conntrack_buckets are 0444 in every network namespace but the first.
#
# Exit status: 0 as seen, 1 the behaviour has changed, 2 it could not be tried.
set -u
version=2:4.0.2-3
libversion=2:4.0.2-3
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 2
apt-get -q download "procps=$version" "libproc2-0=$libversion" >/dev/null 2>&1 || {
	echo "procps $version cannot be fetched"
	exit 2
}
for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done
sysctl() { LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu) "$dir/root/sbin/sysctl" "$@"; }
sysctl --version

# kernel.ostype is 0444 everywhere, so nothing can change by this.
sysctl -w kernel.ostype=Other
readonly=$?
value=$(sysctl -n kernel.ostype)
sysctl -w kernel.no_such_key=1
absent=$?
echo "a key that can only be read: exit status $readonly, and the value is still $value; expected: not 0"
echo "a key that is not there:     exit status $absent"
[ "$readonly" = 0 ] && [ "$value" = Linux ] && [ "$absent" != 0 ]
