#!/bin/sh
# Gets what the tests need and this machine lacks: Bun, packages, llama-server, Chromium. Then runs the command
# in its arguments, if any, with Bun on PATH and HYPERVIZE_LLAMA_SERVER set.
set -eu

get_chromium() {
  root=
  [ "$(id -u)" = 0 ] || root="sudo -n"
  if ! command -v apt-get >/dev/null || ! $root true 2>/dev/null; then
    echo "The dashboard's test needs Chromium. Install it as root: apt-get install chromium" >&2
    return 1
  fi
  echo "Getting Chromium from this system's packages." >&2
  log=$(mktemp)
  # shellcheck disable=SC2086 # two words, or none
  if { timeout 120 $root apt-get -qq update && timeout 400 $root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install --no-install-recommends chromium; } </dev/null >"$log" 2>&1; then
    rm "$log"
  else
    tail -n 3 "$log" >&2
    rm "$log"
    echo "Chromium could not be installed. Install it as root: apt-get install chromium" >&2
    return 1
  fi
}

ci=$(cd "$(dirname "$0")" && pwd)
bun=$(sh "$ci/get-dependencies.sh")
HYPERVIZE_LLAMA_SERVER=$(sh "$ci/get-llama-server.sh" "$ci/../.tools/llama-server")
PATH=$bun:$PATH
export PATH HYPERVIZE_LLAMA_SERVER
[ -x /usr/bin/chromium ] || [ -x /usr/bin/google-chrome ] || get_chromium
[ $# = 0 ] || exec "$@"
