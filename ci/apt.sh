# Installs Debian packages, as root or through sudo. After ci/common.sh: source it.
# shellcheck shell=bash
# shellcheck disable=SC2154  # ci/common.sh sets them

apt_log="$logs/setup.log"
apt_remedy='' # what to do where apt fails

# Prints those of the packages that are not installed.
missing_of() {
  local installed package
  installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' "$@" 2>/dev/null || true)"
  for package in "$@"; do
    [[ "$installed" == *" installed:$package "* ]] || printf '%s\n' "$package"
  done
}

# logged COMMAND...: output to the log, its tail on failure.
logged() {
  if ! "$@" >>"$apt_log" 2>&1 </dev/null; then
    tail -n 25 "$apt_log" >&2
    die "$exit_infrastructure" "failed: $* (all of it: $apt_log)${apt_remedy:+; $apt_remedy}"
  fi
}

# install_packages PACKAGE...: ends the script where it cannot.
install_packages() {
  local as_root=()
  if [[ "$(id -u)" != 0 ]]; then
    if ! command -v sudo >/dev/null; then
      need_by_hand "$@"
    elif sudo -n true 2>/dev/null; then
      as_root=(sudo -n)
    elif [[ -t 0 ]] && sudo -v; then
      as_root=(sudo)
    else
      need_by_hand "$@"
    fi
  fi
  mkdir -p "$logs"
  : >"$apt_log"
  say "apt-get update"
  logged "${as_root[@]}" apt-get -q update
  say "installing $# packages: $*"
  logged "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y --no-install-recommends install "$@"
}

need_by_hand() {
  printf '%s: not root, and no sudo that works here. Run as root, then start again:\n' "$script" >&2
  printf '  apt-get update && apt-get install -y --no-install-recommends %s\n' "$*" >&2
  exit "$exit_infrastructure"
}
