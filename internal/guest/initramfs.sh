#!/bin/busybox sh
# QEMU's first process: does what the first half of init.sh does where the root
# is not the host's by nature. Root and run directory come by 9p from the host.
b=/bin/busybox
. /settings

die() {
	echo "lab: $*" >/dev/console
	$b poweroff -f
}

$b mkdir -p /dev /proc /lower /scratch
$b mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do
	$b insmod "$module" || die "cannot load $module"
done
$b mount -t 9p -o "ro,cache=loose,$p9" root /lower || die "cannot mount the host's root"
$b mount -t tmpfs tmpfs /scratch
cd /scratch && $b mkdir upper work new
$b mount -t overlay -o lowerdir=/lower,upperdir=upper,workdir=work overlay new || die "cannot make the scratch root"
$b mkdir -p "new$run" && $b mount -t 9p -o "$p9" run "new$run" || die "cannot mount the run's directory"
exec $b switch_root new /bin/sh "$run/init" inside
