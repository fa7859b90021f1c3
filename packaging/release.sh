#!/bin/bash
# Makes all that is published of this commit, in dist/: packaging/release.sh
# For each architecture a tarball, and what its programs are made of (CycloneDX); packages; SHA256SUMS. The files depend on the
# commit and the go command alone: times are those of the commit, and no path, user or locale gets in.
set -euo pipefail
cd "$(dirname "$0")/.."

export LC_ALL=C TZ=UTC GOFLAGS=-trimpath
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
stamp=$(git describe --tags --always --dirty --abbrev=12 --match 'v[0-9]*')
version=${stamp#v}
umask 022

sbom() { # ARCH PROGRAM
	# The tool's own hashes are in what it writes, so it is built as the programs are.
	GOARCH=$1 CGO_ENABLED=0 .cache/release/cyclonedx-gomod app -json -noserial -notimestamp -std -licenses \
		-main "cmd/$2" -output "dist/$2-$version-linux-$1.cdx.json" . 2>.cache/release/sbom.log ||
		{ cat .cache/release/sbom.log >&2 && return 1; }
}

rm -rf dist .cache/release
mkdir -p dist .cache/release
make --no-print-directory share
go build -modfile=tools/cyclonedx.mod -o .cache/release/cyclonedx-gomod github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

for arch in amd64 arm64; do
	name=lvsdns-$version-linux-$arch
	tree=.cache/release/$name
	mkdir -p "$tree/bin" "$tree/systemd" "$tree/etc"
	GOARCH=$arch make --no-print-directory programs INTO="$tree/bin/"
	cp -R dist/share "$tree/share"
	cp README.md CHANGELOG.md LICENSE "$tree/"
	mkdir "$tree/alerts" "$tree/dashboards"
	cp -R docs "$tree/docs"
	cp alerts/lvsdns.yml "$tree/alerts/"
	cp dashboards/*.json "$tree/dashboards/"
	cp packaging/*.service packaging/*.conf packaging/nftables/lvsdns.nft "$tree/systemd/"
	cp -R packaging/sysusers.d packaging/tmpfiles.d "$tree/systemd/"
	cp packaging/{exporter,fallback,notify}.yaml "$tree/etc/"
	# The modes too are those of the commit, and not of the umask of its checkout.
	tar -C .cache/release --mode=u+rwX,go+rX,go-w --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
		--owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -9n >"dist/$name.tar.gz"
	for program in "$tree"/bin/*; do sbom "$arch" "${program##*/}"; done
done

[ ! -x packaging/build.sh ] || make --no-print-directory packages
rm -r dist/share
(cd dist && sha256sum -- *) >.cache/release/SHA256SUMS
mv .cache/release/SHA256SUMS dist/
