#!/bin/sh
# Makes a Debian trixie root for lab-run --root: lab/trixie.sh [DIRECTORY]
# The default is .cache/trixie in the repository. Prints the directory. Does nothing
# when it is there and complete. The packages come from the mirror that this
# machine's apt uses.
set -eu

dir=${1:-$(dirname "$(dirname "$(readlink -f "$0")")")/.cache/trixie}
packages="user-mode-linux keepalived ipvsadm conntrack nsd bind9 unbound knot pdns-recursor
	haproxy dnsperf bind9-dnsutils iproute2 iptables kmod procps systemd tcpdump ca-certificates
	prometheus prometheus-alertmanager curl"
include=$(echo $packages | tr ' ' ,)

refuse() {
	echo "lab/trixie.sh: $*" >&2
	exit 1
}

# Made complete by the same list of packages?
stamp=$dir/.lab-packages
if [ "$(cat "$stamp" 2>/dev/null)" = "$include" ]; then
	echo "$dir"
	exit 0
fi
[ "$(id -u)" = 0 ] || refuse "run it as root, to make $dir"
command -v debootstrap >/dev/null || refuse "debootstrap is missing: run lab/setup.sh trixie"
mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 'Component: main' | sed -n 's/^Debian //p' | head -n 1)
[ -n "$mirror" ] || refuse "apt knows no Debian mirror: look at /etc/apt/sources.list"

mkdir -p "$(dirname "$dir")"
partial=$(mktemp -d "$dir.XXXXXX")
log=$(mktemp)
trap 'rm -rf "$partial" "$log"' EXIT
trap 'exit 130' HUP INT TERM
echo "lab/trixie.sh: making $dir, which takes a minute" >&2
chmod 755 "$partial"
# In namespaces of its own, so that no mount and no service that a package starts
# stays behind.
unshare --mount --pid --fork --kill-child debootstrap --variant=minbase --include="$include" trixie "$partial" "$mirror" >"$log" 2>&1 </dev/null || {
	tail -n 20 "$log" >&2
	[ ! -e "$partial/debootstrap/debootstrap.log" ] || tail -n 20 "$partial/debootstrap/debootstrap.log" >&2
	refuse "debootstrap did not work: see above"
}
rm -rf "$partial"/var/cache/apt/archives/*.deb "$partial"/var/lib/apt/lists/*
echo "$include" >"$partial/.lab-packages"
rm -rf "$dir"
mv "$partial" "$dir"
echo "$dir"
