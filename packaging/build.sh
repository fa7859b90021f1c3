#!/bin/sh
# Makes a .deb and a .rpm in dist/ for each architecture, of the programs in .cache/packages/ARCH/bin: packaging/build.sh ARCH...
# "make packages" builds those and calls this. VERSION and SOURCE_DATE_EPOCH are those of the last commit unless set. What is in dist/share,
# such as manual pages and completions, goes to /usr/share.
set -eu
cd "$(dirname "$0")/.."

go=${GO:-go}
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
: "${VERSION:=$(packaging/version.sh)}"
export SOURCE_DATE_EPOCH VERSION
umask 022

# The tree of one package, without the programs: what is the same for each architecture.
share() {
	doc=$1/doc/lvsdns
	mkdir -p "$doc/docs" "$doc/examples/systemd" "$doc/examples/prometheus" "$doc/examples/grafana"
	[ ! -d dist/share ] || cp -R dist/share/. "$1/"
	cp README.md "$doc/"
	cp docs/*.md "$doc/docs/"
	cp packaging/copyright "$doc/copyright"
	gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
	debian_changelog | gzip -9n >"$doc/changelog.Debian.gz"

	cp -R packaging/examples/. "$doc/examples/"
	cp packaging/*.conf "$doc/examples/systemd/"
	cp packaging/nftables/lvsdns.nft "$doc/examples/"
	cp alerts/lvsdns.yml "$doc/examples/prometheus/"
	cp dashboards/*.json "$doc/examples/grafana/"
	chmod -R u=rwX,go=rX "$1" # whatever the umask of the checkout
}

# dpkg's own changelog has the release alone; CHANGELOG.md says what is new.
debian_changelog() {
	printf 'lvsdns (%s-1) unstable; urgency=medium\n\n' "$VERSION"
	printf '  * Release %s: changelog.gz says what is new.\n\n' "$VERSION"
	printf ' -- lvsdns maintainers <maintainers@lvsdns.invalid>  %s\n' "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

mkdir -p dist
rm -f dist/lvsdns[_-]*.deb dist/lvsdns[_-]*.rpm
for ARCH; do
	export ARCH STAGE=.cache/packages/$ARCH
	rm -rf "$STAGE/share"
	mkdir -p "$STAGE/share"
	share "$STAGE/share"
	for packager in deb rpm; do
		$go tool -modfile=tools/nfpm.mod nfpm package --config packaging/nfpm.yaml --packager $packager --target dist/
	done
done
