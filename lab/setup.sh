#!/bin/sh
# Installs what the lab needs on a Debian machine: lab/setup.sh [GROUP...]
# Groups: base (the default), qemu (a second kernel), trixie (a second release), packages (what looks at packages), bench (rivals).
# Does nothing, quickly, when all is there. No service that it installs is started,
# now or at the next boot: the lab starts its own, in its own guests.
set -eu

base="user-mode-linux keepalived ipvsadm conntrack conntrackd nsd bind9 unbound knot knot-module-dnstap pdns-recursor dnsdist
	haproxy prometheus prometheus-alertmanager icinga2-bin zabbix-agent curl dnsperf bind9-dnsutils iproute2 iptables nftables kmod procps tcpdump gcc libc6-dev make
	man-db mandoc rpm zsh fish"
qemu="qemu-system-x86 linux-image-amd64 busybox-static cpio"
trixie="debootstrap debian-archive-keyring"
packages="lintian qemu-user-static"
bench="prometheus-node-exporter dnstop"

refuse() {
	echo "lab/setup.sh: $*" >&2
	exit 1
}

wanted=
for group in "${@:-base}"; do
	case $group in
	base) wanted="$wanted $base" ;;
	qemu) wanted="$wanted $qemu" ;;
	trixie) wanted="$wanted $trixie" ;;
	packages) wanted="$wanted $packages" ;;
	bench) wanted="$wanted $bench" ;;
	*) refuse "no group $group: choose from base, qemu, trixie, packages, bench" ;;
	esac
done

command -v dpkg-query >/dev/null || refuse "this is no Debian: install by hand what it has of:" $wanted
missing=
for package in $wanted; do
	case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
	?i*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0
[ "$(. /etc/os-release && echo "$ID")" = debian ] || refuse "this is no Debian: install by hand what it has of:$missing"
[ "$(id -u)" = 0 ] || refuse "run it as root, to install:$missing"

# invoke-rc.d(8) asks this script before it starts a service; 101 means no.
policy=/usr/sbin/policy-rc.d
mark="# lab/setup.sh wrote this and removes it"
log=$(mktemp)
restore() {
	rm -f "$log"
	if [ -e "$policy.before-lab" ]; then
		mv "$policy.before-lab" "$policy"
	else
		rm -f "$policy"
	fi
}
trap restore EXIT
trap 'exit 130' HUP INT TERM
if [ -e "$policy" ] && ! grep -q "^$mark" "$policy"; then
	mv "$policy" "$policy.before-lab"
fi
printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
chmod 755 "$policy"

quietly() {
	"$@" >"$log" 2>&1 </dev/null || {
		cat "$log" >&2
		refuse "\"$*\" did not work: see above"
	}
}

echo "lab/setup.sh: installing$missing"
export DEBIAN_FRONTEND=noninteractive
quietly apt-get -q -o DPkg::Lock::Timeout=120 update
quietly apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends $missing

# What was installed just now must not start at the next boot either.
for package in $missing; do
	for file in $(dpkg -L "$package"); do
		case $file in
		/etc/init.d/*) update-rc.d "${file##*/}" disable || true ;;
		*/systemd/system/*@*) ;; # started by name only
		*/systemd/system/*.service) systemctl disable "${file##*/}" || rm -f "/etc/systemd/system/"*".wants/${file##*/}" ;;
		esac
	done
done >/dev/null 2>&1
