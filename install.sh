#!/bin/sh
# From a checkout to a running product: a demo, the appliance as a service, or the agent of a GPU host.
set -eu

usage() {
  cat <<TEXT
usage: ./install.sh --demo [--detach] [--home DIR] [--port N]
       ./install.sh [--port N]                 install the appliance as a service (root, systemd)
       ./install.sh --agent [--join TOKEN] [--llama-server PATH]
                                               install the agent of a GPU host as a service (root, systemd)
       ./install.sh --uninstall [--agent] [--purge]

  --demo       build, start appliance, agent and demo model, send one chat completion; Ctrl-C ends all of it
  --detach     with --demo: return when it is ready
  --home DIR   with --demo: data folder (default: \$HYPERVIZE_HOME, else $default_home)
  --port N     HTTP port (default 8080)
  --llama-server PATH
               with --agent: the llama-server to use, such as a build for CUDA; kept at the next installation. Without
               it Debian's is fetched, with its Vulkan backend where an NVIDIA GPU is (HYPERVIZE_LLAMA_BACKEND=cpu: not)
  --agent      install or remove the agent of a GPU host instead of the appliance
  --join TOKEN
               one-time token from the dashboard, or from \`hypervize hosts join-token\`; needed once
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

# put FILE MODE: standard input becomes FILE in one step; notes whether that changed it. Not behind a pipe, which
# would note it in a separate process.
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

# Both are filters over a service's options: what was named now takes its old place, everything else stays.
with_port() {
  sed "/^OPTIONS=/{
    s/--port[ =][0-9]* *//
    s/^OPTIONS=[\"']\{0,1\}/&--port $port /
    s/ *$//
  }"
}
# A variable, because everybody can read the command line of a service.
with_token() {
  sed "/^HYPERVIZE_JOIN_TOKEN=/d; /^OPTIONS=/s/--join[ =][^ \"']* *//; /^OPTIONS=/s/ *$//"
  echo "HYPERVIZE_JOIN_TOKEN=$join"
}

# install_service NAME [FILTER]: without FILTER the options of the last time stay.
install_service() {
  put "$root/usr/local/bin/hypervize" 755 <"$binary"
  data_folder "$1"
  options=$root/etc/hypervize/$1.env
  text=$({ cat "$options" 2>/dev/null || echo "OPTIONS="; } | "${2:-cat}")
  put "$options" 600 <<TEXT
$text
TEXT
  put "$root/etc/systemd/system/$1.service" 644 <"$here/.ci/$1.service"
  if [ "$changed" = yes ]; then
    say "Installed $root/usr/local/bin/hypervize and $1.service."
  else
    say "$root/usr/local/bin/hypervize, $1.service and its options are up to date."
  fi
  [ -n "$root" ] || start "$1"
}

start() {
  if [ ! -d /run/systemd/system ]; then
    variables=$({ sed -n 's/^Environment=//p' "$here/.ci/$1.service" && sed -n '/^OPTIONS=/d; /^[A-Z_]*=./p' "$options"; } | tr '\n' ' ')
    command=$(sed -n 's/^ExecStart=\(.*\) .OPTIONS$/\1/p' "$here/.ci/$1.service") words=$(sed -n 's/^OPTIONS=//p' "$options")
    say "systemd does not run here. Start it with: runuser -u $1 -- ${variables:+env $variables}$command${words:+ $words}"
    return
  fi
  systemctl daemon-reload
  systemctl enable --quiet "$1"
  since=$(date +%s)
  [ "$1" = hypervize ] || [ "$changed" = no ] || rm -f "$connection"
  runs_this "$1" || systemctl restart "$1" || :
  # A program that ends at once is up for a moment. Joining asks several addresses, with patience.
  sleep 2
  left_s=60
  until is_ready "$1"; do
    if ! systemctl is-active --quiet "$1" || [ "$left_s" = 0 ]; then
      journalctl --unit="$1" --identifier=hypervize --since="@$since" --lines=5 --output=cat --no-pager --quiet >&2
      fail "$1 did not get ready. To see more: journalctl -u $1"
    fi
    sleep 1
    left_s=$((left_s - 1))
  done
}

# Whether the service runs what is installed now: the other service's installation may have changed the program.
runs_this() {
  [ "$changed" = no ] && [ "$(readlink "/proc/$(systemctl show --property=MainPID --value "$1")/exe")" = /usr/local/bin/hypervize ]
}

# A status comes from an appliance that answers; an agent's control plane has welcomed it.
is_ready() {
  systemctl is-active --quiet "$1" || return 1
  case $1 in
    hypervize) env -i /usr/local/bin/hypervize status --home /var/lib/hypervize >/dev/null 2>&1 ;;
    hypervize-agent) grep -qs '"status":"connected"' "$connection" ;;
  esac
}

install_appliance() {
  check_host
  build
  install_service hypervize ${port:+with_port}
  port=$(sed -n 's/^OPTIONS=.*--port \([0-9]*\).*/\1/p' "$root/etc/hypervize/hypervize.env")
  say "Dashboard: http://$(uname -n):${port:-8080}. The first login is in /var/lib/hypervize/first-login.json."
  say "To add a GPU host, as root: hypervize hosts join-token"
}

# The llama-server that the last installation was given: one that somebody built stays in use.
named_before() {
  [ -z "${HYPERVIZE_LLAMA_SERVER:-}" ] || return 0
  last=$(readlink "$lib/llama-server") || return 0
  case $last in
    /usr/local/lib/hypervize/*) ;;
    *) if timeout 20 "$last" --version >/dev/null 2>&1; then echo "$last"; fi ;;
  esac
}

install_agent() {
  [ -n "$join" ] || [ -e "$identity" ] || grep -qs '^HYPERVIZE_JOIN_TOKEN=' "$root/etc/hypervize/hypervize-agent.env" ||
    misused "The first installation of an agent needs --join TOKEN."
  check_host
  build
  lib=$root/usr/local/lib/hypervize
  named=${llama:-$(named_before)}
  [ -z "$named" ] || export HYPERVIZE_LLAMA_SERVER="$named"
  llama_server=$(sh "$here/.ci/get-llama-server.sh" "$lib/private-llama-server") || exit 1
  mkdir -p "$lib"
  ln -sfn "${llama_server#"$root"}" "$lib/llama-server"
  install_service hypervize-agent ${join:+with_token}
}

# Ends the runtimes that the agent left behind on purpose: asked at first, because a container ends only with a client
# that passes the word on.
end_runtimes() {
  for signal in TERM KILL; do
    systemctl kill --signal=$signal "$1" 2>/dev/null || :
    left_s=20
    while has_processes "$1" && [ "$left_s" -gt 0 ]; do
      sleep 1
      left_s=$((left_s - 1))
    done
  done
}
has_processes() {
  [ -n "$(cat "/sys/fs/cgroup/system.slice/$1.service/cgroup.procs" \
    "/sys/fs/cgroup/systemd/system.slice/$1.service/cgroup.procs" 2>/dev/null)" ]
}

remove_service() {
  if [ -z "$root" ] && [ -e "/etc/systemd/system/$1.service" ]; then
    if [ -d /run/systemd/system ]; then
      systemctl disable --now --quiet "$1"
      end_runtimes "$1"
      systemctl reset-failed "$1" 2>/dev/null || :
    else
      /usr/local/bin/hypervize stop --home "/var/lib/$1" || :
    fi
  fi
  rm -f "$root/etc/systemd/system/$1.service" "$root/etc/hypervize/$1.env"
  if [ -n "$purge" ]; then
    rm -rf "$root/var/lib/$1" "$root/etc/systemd/system/$1.service.d"
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
home='' port='' join='' llama='' root=${DESTDIR:-}
demo='' detach='' agent='' uninstall='' purge='' changed=no

while [ $# -gt 0 ]; do
  case $1 in
    --demo) demo=yes ;;
    --detach) detach=yes ;;
    --agent) agent=yes ;;
    --uninstall) uninstall=yes ;;
    --purge) purge=yes ;;
    --home | --port | --join | --root | --llama-server)
      [ -n "${2:-}" ] || misused "$1 needs a value."
      case $1 in
        --home) home=$(absolute "$2") ;;
        --port) port=$2 ;;
        --join) join=$2 ;;
        --root) root=$(absolute "$2") ;;
        --llama-server) llama=$(absolute "$2") ;;
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
[ -n "$agent" ] || [ -z "$llama" ] || misused "--llama-server belongs to --agent."
[ -n "$uninstall" ] || [ -z "$purge" ] || misused "--purge belongs to --uninstall."
[ -z "$demo" ] || [ -z "$agent$uninstall" ] || misused "--demo goes alone."
home=${home:-${HYPERVIZE_HOME:-$default_home}}
identity=$root/var/lib/hypervize-agent/agent/identity.json
connection=$root/var/lib/hypervize-agent/agent/connection.json
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
