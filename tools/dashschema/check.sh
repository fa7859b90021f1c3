#!/bin/sh
# Holds the dashboards against Grafana's own types: tools/dashschema/check.sh [VERSION]
# A key that Grafana does not know, or a value of the wrong kind, is an error of the TypeScript
# compiler. Needs node and npm; what npm fetches stays in .cache. No test needs this.
set -eu

here=$(dirname "$(readlink -f "$0")")
version=${1:-10.4.2} # the last with the types of panels, queries and dashboards together
dir=$here/../../.cache/dashschema/$version
mkdir -p "$dir"
cd "$dir"
[ -e package.json ] || npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts "@grafana/schema@$version" typescript@5.4.5
for file in "$here"/../../dashboards/*.json; do
	node "$here/typed.mjs" "$file" >typed.ts
	npx tsc --noEmit --strict --skipLibCheck --moduleResolution node --target es2020 --lib es2020,dom typed.ts
	echo "$(basename "$file"): $(grep -c ' satisfies ' typed.ts) parts as @grafana/schema $version has them"
done
