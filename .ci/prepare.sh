#!/bin/sh
# prepare.sh [--only NAME,...] [COMMAND]: gets Bun, the packages of bun.lock and what this machine lacks of llama-server,
# chromium, faketime (what the tests need) or, with --only, of what is named; also nginx, compiler, or `packages` for
# nothing more. Then runs COMMAND with Bun and the packages' programs on PATH, where a proxy is not for this machine.
set -eu

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# From this system's packages: $1, which is for $2.
get_package() {
  if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
    echo "$2 needs $1. Install it as root: apt-get install $1" >&2
    return 1
  fi
  echo "Getting $1 from this system's packages." >&2
  log=$(mktemp)
  if { as_root timeout 120 apt-get -qq update && as_root timeout 400 env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install --no-install-recommends "$1"; } </dev/null >"$log" 2>&1; then
    rm "$log"
  else
    tail -n 3 "$log" >&2
    rm "$log"
    echo "$1 could not be installed. Install it as root: apt-get install $1" >&2
    return 1
  fi
}

wanted=llama-server,vulkan,chromium,faketime
if [ "${1:-}" = --only ]; then
  wanted=$2
  shift 2
fi
case " $* " in *" --help "*) wanted=packages ;; esac
for name in $(echo "$wanted" | tr , ' '); do
  case $name in packages | llama-server | vulkan | chromium | faketime | nginx | compiler) ;; *)
    echo "prepare.sh knows no $name." >&2
    exit 2
    ;;
  esac
done
wants() { case ,$wanted, in *,$1,*) ;; *) return 1 ;; esac; }

ci=$(cd "$(dirname "$0")" && pwd)
bun=$(sh "$ci/get-dependencies.sh")
PATH=$bun:$PATH:$(dirname "$ci")/node_modules/.bin
# Tests and benchmarks ask this machine by whatever programs there are. Some take networks, some only addresses.
no_proxy=localhost,127.0.0.1,127.0.0.0/8,::1${no_proxy:+,$no_proxy}${NO_PROXY:+,$NO_PROXY}
NO_PROXY=$no_proxy
export PATH no_proxy NO_PROXY
if wants llama-server; then
  HYPERVIZE_LLAMA_SERVER=$(sh "$ci/get-llama-server.sh" "$ci/../.tools/llama-server")
  export HYPERVIZE_LLAMA_SERVER
fi
# A real backend for GPUs, without a GPU. Where it cannot be had, its tests are skipped, and say so.
if wants vulkan; then
  HYPERVIZE_LLAMA_VULKAN=$(env -u HYPERVIZE_LLAMA_SERVER HYPERVIZE_LLAMA_BACKEND=lavapipe \
    sh "$ci/get-llama-server.sh" "$ci/../.tools/llama-server-vulkan") || HYPERVIZE_LLAMA_VULKAN=
  export HYPERVIZE_LLAMA_VULKAN
fi
if wants chromium; then
  [ -x /usr/bin/chromium ] || [ -x /usr/bin/google-chrome ] || get_package chromium "The dashboard's test"
fi
# Without these, what needs them is left out or refused, and says so.
if wants faketime; then command -v faketime >/dev/null || get_package faketime "The test of wrong clocks" || :; fi
# Installed, it would serve port 80; so the benchmark unpacks a private one, for which apt must know the package.
if wants nginx && ! apt-cache show nginx-light >/dev/null 2>&1; then as_root apt-get -qq update >&2 </dev/null || :; fi
if wants compiler; then
  command -v cc >/dev/null || command -v gcc >/dev/null ||
    { get_package gcc "The benchmark" && get_package libc6-dev "The benchmark"; } || :
fi
[ $# = 0 ] || exec "$@"
