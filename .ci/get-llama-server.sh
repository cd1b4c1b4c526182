#!/bin/sh
# Prints the path of a llama-server that runs here, after getting one into FOLDER where the host has none.
set -eu

usage="usage: get-llama-server.sh FOLDER
Takes the first that works: \$HYPERVIZE_LLAMA_SERVER, llama-server on PATH, the one already in FOLDER,
Debian's package (suite forky, unpacked in FOLDER with its own libc; the host's packages stay as they are),
the upstream release. Prints its path; everything else goes to stderr.
\$HYPERVIZE_LLAMA_BACKEND is what Debian's package gets beside the processors: vulkan (the default where an NVIDIA GPU
is, by that driver's own Vulkan), cpu for nothing (the default elsewhere), or lavapipe (Vulkan in software, for tests)."

# The release's digests as GitHub publishes them.
upstream_build=b11146
upstream_x64=c150306eb16b5ab696f76a8bdf810c35fd98a24e82158742e6fa28f420ff8410
upstream_arm64=4aeda6fe68831547e49b7fa87607383ca5352b3d72ca5f70d52ed265f58c131f

say() { echo "$1" >&2; }
fail() {
  say "$1"
  exit 1
}
has_nvidia() { [ -e /proc/driver/nvidia/version ] || command -v nvidia-smi >/dev/null; }
works() { timeout 20 "$1" --version >/dev/null 2>&1; }

# Whether the one in FOLDER also has the backend that is wanted.
is_whole() {
  works "$1/llama-server" || return 1
  [ "$backend" = cpu ] || [ -e "$1/lib/libggml-vulkan.so" ]
}
# One that sees no GPU is given none (src/placement), so that has to be said here.
tell_blind() {
  has_nvidia || return 0
  timeout 60 "$1" --list-devices 2>/dev/null | grep -q '^  (none)$' || return 0
  say "$1 sees no GPU: models run on the processors with it. Name a build for CUDA with --llama-server PATH or HYPERVIZE_LLAMA_SERVER, or see to the driver's Vulkan (nvidia_icd.json)."
}

# Apt tells what it made of its sources, whatever their format. Debian's security archive has another path.
debian_mirror() {
  # shellcheck disable=SC2016 # apt fills that in
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -E '/debian/$|/debian\.list/$' | head -n 1
}

debian_keyring() {
  for keyring in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
    [ -r "$keyring" ] && echo "$keyring" && return
  done
  return 1
}

# With an empty list of installed packages, apt fetches everything that the server needs, down to libc.
download_debs() {
  mkdir -p apt/lists/partial apt/cache/archives/partial
  echo "deb [signed-by=$2] $1 forky main" >apt/sources.list
  : >apt/status
  set -- -qq -o Dir::Etc::SourceList="$PWD/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State="$PWD/apt" -o Dir::State::Lists="$PWD/apt/lists" -o Dir::State::status="$PWD/apt/status" \
    -o Dir::Cache="$PWD/apt/cache" -o Dir::Cache::archives="$PWD/apt/cache/archives" \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2
  # The host's hooks may fail for an ordinary user after the lists have arrived: the download is the judge.
  timeout 120 apt-get "$@" update || :
  set -- "$@" --yes --no-install-recommends --download-only install llama.cpp-tools
  [ "$backend" = cpu ] || set -- "$@" libggml0-backend-vulkan
  [ "$backend" != lavapipe ] || set -- "$@" mesa-vulkan-drivers
  timeout 300 apt-get "$@"
}

unpack_debs() {
  for deb in apt/cache/archives/*.deb; do
    dpkg-deb --extract "$deb" root || return 1
  done
  mv root/usr/lib/*-linux-gnu lib && mv root/usr/bin/llama-server lib/ || return 1
  # ggml looks for its CPU backends beside the running executable, which here is the loader.
  for plugin in lib/ggml/backends*/*.so; do ln -s "${plugin#lib/}" lib/; done
  loader=$(cd lib && echo ld-linux-*.so.*)
  software=
  if [ "$backend" = lavapipe ]; then
    # The path is relative to the file, and ggml leaves software devices out unless they are named.
    sed 's#"library_path": "[^"]*"#"library_path": "./libvulkan_lvp.so"#' root/usr/share/vulkan/icd.d/lvp_icd*.json >lib/lvp.json
    software="export VK_ICD_FILENAMES=\"\$lib/lvp.json\" GGML_VK_VISIBLE_DEVICES=0"
  fi
  # Found by its own path, because the folder is renamed when all is there.
  cat >llama-server <<STARTER
#!/bin/sh
lib=\$(dirname "\$(readlink -f "\$0")")/lib
$software
exec "\$lib/$loader" --library-path "\$lib:\$lib/llama" "\$lib/llama-server" "\$@"
STARTER
  chmod 755 llama-server && rm -rf apt root
}

from_debian() {
  mirror=$(debian_mirror) || mirror=
  [ -n "$mirror" ] || { say "This host's apt has no Debian mirror."; return 1; }
  keyring=$(debian_keyring) || { say "Debian's archive keyring is missing."; return 1; }
  say "Getting llama-server from Debian."
  if download_debs "$mirror" "$keyring" >log 2>&1 && unpack_debs >>log 2>&1; then
    rm log
  else
    # An error of the lists, such as an expired one, comes before that of the download, which it explains.
    say "That failed: $(grep '^E: ' log || sed '/^$/d' log | tail -n 1)"
    return 1
  fi
}

# curl may be missing, Node may not.
download() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --retry 2 --max-time 600 --output "$2" "$1"
  else
    # shellcheck disable=SC2016 # JavaScript
    node -e 'fetch(process.argv[1]).then(async (r) => {
      if (!r.ok) throw new Error(`status ${r.status}`);
      require("fs").writeFileSync(process.argv[2], Buffer.from(await r.arrayBuffer()));
    }).catch((e) => { console.error(String(e.cause ?? e)); process.exit(1); })' "$1" "$2"
  fi
}

from_upstream() {
  case $(uname -m) in
    x86_64) cpu=x64 digest=$upstream_x64 ;;
    aarch64) cpu=arm64 digest=$upstream_arm64 ;;
    *) say "The upstream has no release for $(uname -m)."; return 1 ;;
  esac
  say "Getting llama-server from the upstream release $upstream_build, which is built for processors alone."
  release=https://github.com/ggml-org/llama.cpp/releases/download/$upstream_build
  download "$release/llama-$upstream_build-bin-ubuntu-$cpu.tar.gz" archive >&2 || return 1
  echo "$digest  archive" | sha256sum --check --status || { say "Its checksum is wrong."; return 1; }
  tar -xzf archive --strip-components=1 && rm archive
}

# One at a time, in FOLDER.new, which gets its name when the server in it has run.
make() (
  new=$folder.new
  exec 9>"$folder.lock"
  flock 9
  is_whole "$folder" && exit 0
  # The upstream's has no backend that could be asked for.
  sources="from_debian from_upstream"
  [ "$backend" != lavapipe ] || sources=from_debian
  for source in $sources; do
    # One that is here already and lacks the backend is as good as the upstream's.
    [ "$source" = from_debian ] || ! works "$folder/llama-server" || break
    rm -rf "$new"
    mkdir "$new" && cd "$new" || exit 1
    "$source" || continue
    works ./llama-server && rm -rf "$folder" && mv "$new" "$folder" && exit 0
    say "It does not run here: $(./llama-server --version 2>&1 | tail -n 1)"
  done
  rm -rf "$new"
  exit 1
)

case ${1:-} in
  --help) echo "$usage" && exit 0 ;;
  "" | -*) say "$usage" && exit 2 ;;
esac
if has_nvidia; then backend=vulkan; else backend=cpu; fi
backend=${HYPERVIZE_LLAMA_BACKEND:-$backend}
case $backend in
  vulkan | lavapipe | cpu) ;;
  *) fail "HYPERVIZE_LLAMA_BACKEND is $backend. It may be vulkan, lavapipe or cpu." ;;
esac
if [ -n "${HYPERVIZE_LLAMA_SERVER:-}" ]; then
  works "$HYPERVIZE_LLAMA_SERVER" || fail "HYPERVIZE_LLAMA_SERVER is $HYPERVIZE_LLAMA_SERVER, which does not run. Correct it or unset it."
  tell_blind "$HYPERVIZE_LLAMA_SERVER"
  realpath --no-symlinks "$(command -v "$HYPERVIZE_LLAMA_SERVER")"
  exit 0
fi
if [ "$backend" != lavapipe ] && works llama-server; then
  tell_blind llama-server
  command -v llama-server
  exit 0
fi
mkdir -p "$(dirname "$1")"
folder=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
# One that came before is better than none.
is_whole "$folder" || make || { [ "$backend" != lavapipe ] && works "$folder/llama-server"; } ||
  fail "No llama-server could be had. Install llama.cpp's llama-server and put it on PATH, or set HYPERVIZE_LLAMA_SERVER."
tell_blind "$folder/llama-server"
echo "$folder/llama-server"
