#!/bin/sh
# Gets the Bun of package.json's "engines" (the one on PATH, else a private one from npm) and the packages of
# bun.lock, and prints the folder that holds Bun. Arguments go to `bun install`.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/.*"engines":.*"bun": *"\([^"]*\)".*/\1/p' package.json)
private=$PWD/.tools/bun-$version

fail() {
  echo "$1" >&2
  exit 1
}
is_right() { [ "$("$1" --version 2>/dev/null)" = "$version" ]; }

# One at a time, under a name of its own until it has run.
get_bun() (
  exec 9>"$private.lock"
  flock 9
  is_right "$bin/bun" && exit
  command -v npm >/dev/null || fail "npm is missing. Install Node.js with npm (for example: apt-get install nodejs npm)."
  echo "Getting Bun $version from npm." >&2
  rm -rf "$private" "$private.new"
  # Its install script puts the program where a placeholder lies, so it must run, whatever npm is told elsewhere.
  timeout 300 npm install --prefix "$private.new" --loglevel error --no-audit --no-fund --no-update-notifier --ignore-scripts=false \
    --fetch-retry-mintimeout 1000 --fetch-retry-maxtimeout 10000 "bun@$version" </dev/null >/dev/null ||
    fail "npm could not get Bun $version from the registry that it is configured with."
  is_right "$private.new/node_modules/.bin/bun" || fail "Bun $version from npm does not run on this $(uname -m) machine."
  mv "$private.new" "$private"
)

if is_right bun; then
  bin=$(dirname "$(command -v bun)")
else
  bin=$private/node_modules/.bin
  mkdir -p .tools
  is_right "$bin/bun" || get_bun
fi
if [ ! -d node_modules ]; then
  echo "Getting the packages of bun.lock." >&2
  # Bun reads the user's .npmrc but not npm's global one.
  registry=${NPM_CONFIG_REGISTRY:-$(npm config get registry 2>/dev/null || :)}
  [ -z "$registry" ] || export NPM_CONFIG_REGISTRY="$registry"
fi
timeout 300 "$bin/bun" install --frozen-lockfile --silent "$@" </dev/null >&2 ||
  fail "The packages of bun.lock could not be installed. To see why: $bin/bun install --frozen-lockfile"
echo "$bin"
