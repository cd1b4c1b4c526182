#!/bin/sh
# Gets what the tests need and this machine lacks: Bun, packages, llama-server, Chromium, faketime. Then runs the
# command in its arguments, if any, with Bun on PATH and HYPERVIZE_LLAMA_SERVER set.
set -eu

# From this system's packages: $1, which is for $2.
get_package() {
  root=
  [ "$(id -u)" = 0 ] || root="sudo -n"
  if ! command -v apt-get >/dev/null || ! $root true 2>/dev/null; then
    echo "$2 needs $1. Install it as root: apt-get install $1" >&2
    return 1
  fi
  echo "Getting $1 from this system's packages." >&2
  log=$(mktemp)
  # shellcheck disable=SC2086 # two words, or none
  if { timeout 120 $root apt-get -qq update && timeout 400 $root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install --no-install-recommends "$1"; } </dev/null >"$log" 2>&1; then
    rm "$log"
  else
    tail -n 3 "$log" >&2
    rm "$log"
    echo "$1 could not be installed. Install it as root: apt-get install $1" >&2
    return 1
  fi
}

ci=$(cd "$(dirname "$0")" && pwd)
bun=$(sh "$ci/get-dependencies.sh")
HYPERVIZE_LLAMA_SERVER=$(sh "$ci/get-llama-server.sh" "$ci/../.tools/llama-server")
# A real backend for GPUs, without a GPU. Where it cannot be had, its tests are skipped, and say so.
HYPERVIZE_LLAMA_VULKAN=$(env -u HYPERVIZE_LLAMA_SERVER HYPERVIZE_LLAMA_BACKEND=lavapipe \
  sh "$ci/get-llama-server.sh" "$ci/../.tools/llama-server-vulkan") || HYPERVIZE_LLAMA_VULKAN=
PATH=$bun:$PATH
export PATH HYPERVIZE_LLAMA_SERVER HYPERVIZE_LLAMA_VULKAN
[ -x /usr/bin/chromium ] || [ -x /usr/bin/google-chrome ] || get_package chromium "The dashboard's test"
# Without it the tests of wrong clocks are skipped, and say so.
command -v faketime >/dev/null || get_package faketime "The test of wrong clocks" || :
[ $# = 0 ] || exec "$@"
