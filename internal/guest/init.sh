#!/bin/sh
# Process 1 of the guest: makes a root that is scratch, enters it, runs the job.
# The runner has put beside this file: "plan" (settings), "fstab" (what to mount
# in the new root) and "job" (the command). The command's exit status goes to
# "status". Programs are few because each costs a user-mode kernel 50 ms.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
here=${0%/*}
. "$here/plan"

# A guest kernel ends by the SysRq trigger, for a small Debian has no "halt". Never
# before the guest has a /proc of its own: in user-mode Linux the one before is the
# host's, and would power off the host. Until then, and always on the host's kernel,
# process 1 just leaves, which ends a guest kernel too.
own_proc=
finish() {
	sync
	case $own_proc-$kernel in yes-uml | yes-qemu) echo o >/proc/sysrq-trigger && sleep 60 ;; esac
	exit 1
}

die() {
	echo "lab: $*" >&2
	finish
}

# QEMU's first file system has done this part already: see initramfs.sh.
if [ "${1:-}" != inside ]; then
	# On the host's kernel, nothing that is mounted from here on may reach the host.
	[ "$kernel" != host ] || mount --make-rprivate / || die "cannot leave the host's mount namespace"
	[ -z "$overlay" ] || insmod "$overlay" || die "cannot load $overlay"
	# Above an empty tmpfs, below the host's root. The old root stays on /.host
	# until the mounts of fstab have been taken from it.
	cd "$here/root" && mount -t tmpfs tmpfs . && cd "$here/root" && mkdir -p new work upper/.host $layers ||
		die "cannot make the scratch file system"
	mount -t overlay -o "lowerdir=$lower,upperdir=upper,workdir=work" overlay new || die "cannot make the scratch root"
	cd new && pivot_root . .host || die "cannot enter the scratch root"
	exec sh "/.host$here/init" inside
fi

# First, because "mount -a" asks /proc what is mounted already, and the host's may
# shine through.
mount -t proc proc /proc || die "cannot mount /proc"
own_proc=yes
mount -a -T "$here/fstab" || die "cannot mount what the run needs"
[ "$kernel" = qemu ] || umount -l /.host || die "cannot leave the host's root"
[ "$kernel" = host ] || cp -P "$run"/dev/* /dev/
mkdir -p /run/netns /run/lock
[ -z "$modules" ] || [ -e "/lib/modules/${modules##*/}" ] ||
	{ mkdir -p /lib/modules && ln -s "$modules" /lib/modules/; } || die "cannot link $modules"
echo lab >/proc/sys/kernel/hostname
ulimit -n 65536
modprobe -qa ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_sh ip_vs_mh ip_vs_dh ip_vs_sed ip_vs_nq \
	ip_vs_fo ip_vs_ovf ip_vs_lblc ip_vs_lblcr ipip ip6_tunnel veth bridge dummy macvlan tun \
	nf_conntrack nf_conntrack_netlink iptable_nat ip6table_nat iptable_mangle xt_conntrack xt_mark xt_CT xt_ipvs virtio_net
[ -e /proc/net/ip_vs ] || die "this kernel has no IPVS"
ip link set lo up
for line in $serial; do
	stty -F "$line" raw -echo || die "cannot make $line raw"
done
# A virtio port is fast but can be open only once, and "echo >/dev/stderr" opens
# again: the command gets a pipe that is copied to the port.
copies=
for port in $ports; do
	[ -c "$port" ] && mkfifo "/run/lab-${port##*/}" || die "no $port"
	cat <"/run/lab-${port##*/}" >"$port" &
	copies="$copies $!"
done
if [ -n "$terminal" ]; then
	stty -F "$stdout" sane $terminal
	setsid -w -c sh "$run/job" <"$stdout" >"$stdout" 2>&1
else
	# 3 to 5 are the host's ends of things, when there is no other kernel between.
	sh "$run/job" </dev/null >"$stdout" 2>"$stderr" 3>&- 4>&- 5>&-
fi
status=$?
# What the command left running holds the pipes open. Again until none is left, for
# a process may fork while this looks; kernel threads have no command line.
again=$copies
while [ -n "$again" ]; do
	again=
	for process in /proc/[0-9]*; do
		case " 1$copies " in *" ${process#/proc/} "*) continue ;; esac
		read -r line <"$process/cmdline" || [ -n "$line" ] || continue
		kill -9 "${process#/proc/}" && again=yes
	done 2>/dev/null
done
wait $copies
echo "$status" >"$run/status"
finish
