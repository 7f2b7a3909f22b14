# Shared by the scripts of this folder: source it. Goes to the root of the repository.
# shellcheck shell=bash
# shellcheck disable=SC2034  # used by the scripts that source this file

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# The presets of CMakePresets.json; the tests run in the first three.
flavours=(plain tsan asan-ubsan libfuzzer libfuzzer-tsan libfuzzer-asan aflpp aflpp-tsan)
tested_flavours=(plain tsan asan-ubsan)

exit_usage=2
exit_infrastructure=3

logs=build/logs
jobs="$(nproc)"
script="ci/$(basename "$0")"

# Seconds as minutes: 83 is 01:23.
clock() { printf '%02d:%02d' $(($1 / 60)) $(($1 % 60)); }

# Says what happens, with the time since the script began.
say() { printf '[%s] %s: %s\n' "$(clock "$SECONDS")" "$script" "$*"; }

# die EXIT_CODE MESSAGE...
die() {
  local code="$1"
  shift
  printf '%s: %s\n' "$script" "$*" >&2
  exit "$code"
}

usage_error() { die "$exit_usage" "$* (see $script --help)"; }

# contains WORD LIST...
contains() {
  local word="$1" item
  shift
  for item in "$@"; do
    [[ "$item" == "$word" ]] && return 0
  done
  return 1
}

# Prints the source files that match the patterns ('*.cc' '*.h'), one a line: those that git
# tracks, or where there is no git checkout (a release archive) all of src/ and fuzz/.
list_sources() {
  local pattern file
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files -- "$@"
  else
    for pattern in "$@"; do
      find src fuzz -type f -name "$pattern"
    done
  fi | sort -u | while IFS= read -r file; do
    if [[ -f "$file" ]]; then
      printf '%s\n' "$file"
    fi
  done
}

# Beside what it caches, unless the user has one already; where it is built makes no difference.
export CCACHE_DIR="${CCACHE_DIR:-$PWD/build/ccache}" CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1

# build_flavour FLAVOUR: configures and builds one preset. From nothing, most of the time.
build_flavour() {
  cmake --preset "$1" -DWALKRACE_UNITS=ON && cmake --build --preset "$1" --parallel "$jobs"
}

# How a person builds one flavour.
build_command() { printf 'cmake --preset %s && cmake --build --preset %s' "$1" "$1"; }
