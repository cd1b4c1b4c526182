#!/bin/sh
# Builds dist/hypervize after getting what that needs. Options: see build.ts.
set -eu
ci=$(cd "$(dirname "$0")" && pwd)
bun=$(sh "$ci/get-dependencies.sh" --production)
exec "$bun/bun" "$ci/build.ts" "$@"
