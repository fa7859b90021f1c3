#!/bin/sh
# Prints the version of this commit, such as dpkg and rpm order it: 1.2.3 at the tag v1.2.3, 1.2.3+7.gabcdef012345 seven commits later,
# and 0.0.0+… before the first tag.
set -eu
described=$(git describe --tags --abbrev=12 --match 'v[0-9]*' 2>/dev/null) ||
	described=v0.0.0-$(git rev-list --count HEAD)-g$(git rev-parse --short=12 HEAD)
echo "$described" | sed -E 's/^v//; s/-([0-9]+)-(g[0-9a-f]+)$/+\1.\2/; s/-/~/g'
