#!/bin/sh
# Process 1 of the guest: makes a root that is scratch, enters it, runs the job.
# The runner has put beside this file: "plan" (settings), "fstab" (what to mount
# in the new root) and "job" (the command). The command's exit status goes to
# "status". Programs are few because each costs a user-mode kernel 50 ms.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
run=${0%/*}
. "$run/plan"

# A guest kernel ends by the SysRq trigger, for a small Debian has no "halt". On
# the host's kernel there is nothing to power off: process 1 just leaves.
finish() {
	sync
	case $kernel in uml | qemu) echo o >/proc/sysrq-trigger && sleep 60 ;; esac
	exit
}

die() {
	echo "lab: $*" >&2
	finish
}

if [ "${1:-}" != inside ]; then
	# The host's root is below, an empty tmpfs above. The old root stays on /mnt
	# for the mounts of fstab to be taken from.
	[ -z "$overlay" ] || insmod "$overlay" || die "cannot load $overlay"
	cd "$run/root" && mount -t tmpfs tmpfs . && cd "$run/root" && mkdir upper work new ||
		die "cannot make the scratch file system"
	mount -t overlay -o "lowerdir=$lower,upperdir=upper,workdir=work" overlay new || die "cannot make the scratch root"
	cd new && pivot_root . mnt || die "cannot enter the scratch root"
	exec sh "/mnt$run/init" inside
fi

run=${run#/mnt}
mount -a -T "/mnt$run/fstab" && umount -l /mnt || die "cannot mount what the plan wants"
mkdir -p /run/netns /run/lock
[ -z "$modules" ] || [ -e "/lib/modules/${modules##*/}" ] ||
	{ mkdir -p /lib/modules && ln -s "$modules" /lib/modules/; } || die "cannot link $modules"
echo lab >/proc/sys/kernel/hostname
ulimit -n 65536
modprobe -qa ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_sh ip_vs_mh ip_vs_dh ip_vs_sed ip_vs_nq \
	ip_vs_fo ip_vs_ovf ip_vs_lblc ip_vs_lblcr ipip ip6_tunnel veth bridge dummy macvlan tun \
	nf_conntrack nf_conntrack_netlink iptable_nat ip6table_nat iptable_mangle xt_conntrack xt_mark xt_CT xt_ipvs
ip link set lo up
for line in $raw; do
	stty -F "$line" raw -echo || die "cannot make $line raw"
done
sh "$run/job" </dev/null >"$stdout" 2>"$stderr"
echo $? >"$run/status"
finish
