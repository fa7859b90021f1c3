#!/bin/sh
# Process 1 of the guest, twice: first to make the root, then inside it.
# Beside this file lie "plan" (what this run wants, written by the runner) and
# "job" (the command). The exit status goes to "status" in the same directory.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
run=${0%/*}
new=$run/root
. "$run/plan"

# A guest kernel ends by the SysRq trigger, for a small Debian has no halt
# command. On the host kernel there is nothing to power off: process 1 leaves.
finish() {
	sync
	case $kernel in uml | qemu) echo o >/proc/sysrq-trigger && sleep 60 ;; esac
	exit "${1:-1}"
}

die() {
	echo "lab: $*" >&2
	finish 1
}

# share rw|ro DIR: a directory of the host, seen in the guest at its own path.
share() {
	mkdir -p "$new$2" && mount --bind "$2" "$new$2" || die "cannot share $2"
	[ "$1" = rw ] || mount -o remount,bind,ro "$new$2" || die "cannot protect $2"
}

if [ "${1:-}" != inside ]; then
	mount -t proc proc /proc || die "cannot mount /proc"
	modules=${root%/}/usr/lib/uml/modules/$(uname -r)
	grep -qw overlay /proc/filesystems || insmod "$modules/kernel/fs/overlayfs/overlay.ko" || die "no overlay module"
	mount -t tmpfs tmpfs "$new" && mkdir "$new/upper" "$new/work" "$new/root" || die "no tmpfs"
	mount -t overlay -o "lowerdir=$root,upperdir=$new/upper,workdir=$new/work" overlay "$new/root" || die "no overlay root"
	new=$new/root
	mount -t proc proc "$new/proc"
	mount -t sysfs sysfs "$new/sys"
	mount -t devtmpfs devtmpfs "$new/dev"
	mkdir -p "$new/dev/pts" "$new/dev/shm"
	mount -t devpts -o ptmxmode=666 devpts "$new/dev/pts"
	mount -t tmpfs tmpfs "$new/dev/shm"
	mount -t tmpfs -o mode=755 tmpfs "$new/run"
	mkdir -p "$new/run/netns" "$new/run/lock"
	[ -e "$new/lib/modules/$(uname -r)" ] || { mkdir -p "$new/lib/modules" && ln -s "/usr/lib/uml/modules/$(uname -r)" "$new/lib/modules/"; }
	share rw "$run"
	shares
	mkdir -p "$new/.host" && cd "$new" && pivot_root . .host && umount -l /.host || die "cannot enter the root"
	exec "$run/init" inside
fi

rmdir /.host
echo lab >/proc/sys/kernel/hostname
ulimit -n 65536
modprobe -qa ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_sh ip_vs_mh ip_vs_dh ip_vs_sed ip_vs_nq ip_vs_fo ip_vs_ovf ip_vs_lblc ip_vs_lblcr \
	ipip ip6_tunnel veth bridge dummy macvlan tun nf_conntrack nf_conntrack_netlink iptable_nat ip6table_nat iptable_mangle xt_conntrack xt_mark xt_CT xt_ipvs
ip link set lo up
stty -F "$stdout" raw -echo && stty -F "$stderr" raw -echo || die "no serial lines"
sh "$run/job" </dev/null >"$stdout" 2>"$stderr"
echo $? >"$run/status"
finish 0
