#!/bin/sh
# From a checkout to a running product: a demo, the appliance as a service, or the agent of a GPU host.
set -eu

usage() {
  cat <<TEXT
usage: ./install.sh --demo [--detach] [--home DIR] [--port N]
       ./install.sh [--port N]                 install the appliance as a service (root, systemd)
       ./install.sh --agent [--join TOKEN]     install the agent of a GPU host as a service (root, systemd)
       ./install.sh --uninstall [--agent] [--purge]

  --demo       build, start appliance, agent and demo model, send one chat completion; Ctrl-C ends all of it
  --detach     with --demo: return when it is ready
  --home DIR   with --demo: data folder (default: \$HYPERVIZE_HOME, else $default_home)
  --port N     HTTP port (default 8080)
  --join TOKEN one-time token from the dashboard, or from \`hypervize hosts join-token\`; needed once
  --uninstall  remove services and program; with --agent only the agent's
  --purge      with --uninstall: remove the data too
  --root DIR   install below DIR and start nothing (also \$DESTDIR)

Installing again upgrades: data, options and the agent's runtimes stay.
TEXT
}

say() { echo "$1"; }
fail() {
  echo "$1" >&2
  exit 1
}
misused() {
  echo "$1 See ./install.sh --help." >&2
  exit 2
}
absolute() {
  case $1 in
    /*) echo "$1" ;;
    *) echo "$PWD/$1" ;;
  esac
}

check_host() {
  [ "$(uname -s)" = Linux ] || fail "Hypervize runs on Linux; this is $(uname -s)."
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *) fail "Hypervize runs on x86_64 and aarch64 processors; this is $(uname -m)." ;;
  esac
  [ -x "$binary" ] && return
  free_kb=$(df -Pk "$here" | awk 'NR == 2 { print $4 }')
  [ "$free_kb" -ge 1000000 ] || fail "The disk of $here has less than 1 GB free. Free some space and start again."
}

# A checkout's files stay its owner's when root installs from it.
as_owner() {
  owner=$(stat -c %U "$here")
  if [ "$(id -u)" = 0 ] && [ "$owner" != root ] && [ "$owner" != UNKNOWN ]; then
    runuser -u "$owner" -- env HOME="$(getent passwd "$owner" | cut -d : -f 6)" "$@"
  else
    "$@"
  fi
}

build() {
  if [ -x "$binary" ] && ! command -v npm >/dev/null && ! command -v bun >/dev/null; then
    say "Neither npm nor Bun is here: taking dist/hypervize as it is."
  else
    as_owner sh "$here/.ci/build.sh" || exit 1
  fi
}

demo() {
  check_host
  build
  llama_server=$(sh "$here/.ci/get-llama-server.sh" "$here/.tools/llama-server") || exit 1
  exec "$binary" demo --home "$home" --port "${port:-8080}" --llama-server "$llama_server" ${detach:+--detach}
}

# put FILE MODE: standard input becomes FILE in one step; notes whether that changed it.
put() {
  mkdir -p "$(dirname "$1")"
  (umask 077 && cat >"$1.new")
  chmod "$2" "$1.new"
  if cmp -s "$1.new" "$1"; then
    rm "$1.new"
  else
    mv -f "$1.new" "$1"
    changed=yes
  fi
}

data_folder() {
  mkdir -p "$root/var/lib/$1"
  chmod 700 "$root/var/lib/$1"
  [ -z "$root" ] || return 0
  getent passwd "$1" >/dev/null ||
    useradd --system --user-group --no-create-home --home-dir "/var/lib/$1" --shell /usr/sbin/nologin "$1"
  chown "$1:$1" "/var/lib/$1"
}

# install_service NAME OPTIONS: without OPTIONS those of the last time stay.
install_service() {
  put "$root/usr/local/bin/hypervize" 755 <"$binary"
  data_folder "$1"
  options=$root/etc/hypervize/$1.env
  if [ -n "$2" ] || [ ! -e "$options" ]; then echo "OPTIONS=$2" | put "$options" 600; fi
  put "$root/etc/systemd/system/$1.service" 644 <"$here/.ci/$1.service"
  say "Installed $root/usr/local/bin/hypervize and $1.service."
  [ -n "$root" ] || start "$1"
}

start() {
  if [ ! -d /run/systemd/system ]; then
    command=$(sed -n 's/^Environment=\(.*\)/env \1/p; s/^ExecStart=\(.*\) .OPTIONS$/\1/p' "$here/.ci/$1.service" | tr '\n' ' ')
    say "systemd does not run here. Start it with: runuser -u $1 -- $command$(sed 's/^OPTIONS=//' "$options")"
    return
  fi
  systemctl daemon-reload
  systemctl enable --quiet "$1"
  if [ "$changed" = yes ] || ! systemctl is-active --quiet "$1"; then systemctl restart "$1"; fi
  sleep 2
  systemctl is-active --quiet "$1" || fail "$1 does not stay up. To see why: journalctl -u $1"
}

install_appliance() {
  check_host
  build
  install_service hypervize "${port:+--port $port}"
  port=$(sed -n 's/^OPTIONS=.*--port \([0-9]*\).*/\1/p' "$root/etc/hypervize/hypervize.env")
  say "Dashboard: http://$(uname -n):${port:-8080}. The first login is in /var/lib/hypervize/first-login.json."
  say "To add a GPU host, as root: hypervize hosts join-token --home /var/lib/hypervize"
}

install_agent() {
  [ -n "$join" ] || [ -e "$root/etc/hypervize/hypervize-agent.env" ] ||
    misused "The first installation of an agent needs --join TOKEN."
  check_host
  build
  lib=$root/usr/local/lib/hypervize
  llama_server=$(sh "$here/.ci/get-llama-server.sh" "$lib/private-llama-server") || exit 1
  mkdir -p "$lib"
  ln -sfn "${llama_server#"$root"}" "$lib/llama-server"
  install_service hypervize-agent "${join:+--join $join}"
}

remove_service() {
  if [ -z "$root" ] && [ -e "/etc/systemd/system/$1.service" ]; then
    if [ -d /run/systemd/system ]; then
      systemctl disable --now --quiet "$1"
      # The runtimes that the agent left behind on purpose.
      systemctl kill "$1" 2>/dev/null || :
    else
      /usr/local/bin/hypervize stop --home "/var/lib/$1" || :
    fi
  fi
  rm -f "$root/etc/systemd/system/$1.service" "$root/etc/hypervize/$1.env"
  if [ -n "$purge" ]; then
    rm -rf "$root/var/lib/$1"
    if [ -z "$root" ] && getent passwd "$1" >/dev/null; then userdel "$1"; fi
  elif [ -d "$root/var/lib/$1" ]; then
    say "The data stays in $root/var/lib/$1; --uninstall --purge removes it."
  fi
}

uninstall() {
  remove_service hypervize-agent
  [ -n "$agent" ] || remove_service hypervize
  if [ ! -e "$root/etc/systemd/system/hypervize.service" ]; then
    rm -rf "$root/usr/local/bin/hypervize" "$root/usr/local/lib/hypervize" "$root/etc/hypervize"
  fi
  if [ -z "$root" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
  say "Uninstalled."
}

here=$(cd "$(dirname "$0")" && pwd)
binary=$here/dist/hypervize
default_home=${XDG_DATA_HOME:-${HOME:-}/.local/share}/hypervize-demo
home='' port='' join='' root=${DESTDIR:-}
demo='' detach='' agent='' uninstall='' purge='' changed=no

while [ $# -gt 0 ]; do
  case $1 in
    --demo) demo=yes ;;
    --detach) detach=yes ;;
    --agent) agent=yes ;;
    --uninstall) uninstall=yes ;;
    --purge) purge=yes ;;
    --home | --port | --join | --root)
      [ -n "${2:-}" ] || misused "$1 needs a value."
      case $1 in
        --home) home=$(absolute "$2") ;;
        --port) port=$2 ;;
        --join) join=$2 ;;
        --root) root=$(absolute "$2") ;;
      esac
      shift
      ;;
    --help) usage && exit ;;
    *) misused "There is no option $1." ;;
  esac
  shift
done

case $port in *[!0-9]*) misused "--port needs a number." ;; esac
# It becomes a word of the service's command line.
case $join in *[!A-Za-z0-9._~=+/-]*) misused "That is no join token." ;; esac
[ -n "$demo" ] || [ -z "$detach$home" ] || misused "--detach and --home belong to --demo."
[ -n "$agent" ] || [ -z "$join" ] || misused "--join belongs to --agent."
[ -n "$uninstall" ] || [ -z "$purge" ] || misused "--purge belongs to --uninstall."
[ -z "$demo" ] || [ -z "$agent$uninstall" ] || misused "--demo goes alone."
home=${home:-${HYPERVIZE_HOME:-$default_home}}
umask 022

[ -z "$demo" ] || demo
[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "Installing and uninstalling need root. Try: sudo ./install.sh"
if [ -n "$uninstall" ]; then
  uninstall
elif [ -n "$agent" ]; then
  install_agent
else
  install_appliance
fi
