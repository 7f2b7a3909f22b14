# For fuzz/run and ci/gate, after ci/common.sh: source it.
# shellcheck shell=bash
# shellcheck disable=SC2154  # ci/common.sh sets them

# No compiled modules beside the sources.
export PYTHONDONTWRITEBYTECODE=1

build_prefix=build/
tree_name=''
configure=() # options of cmake

# use_tree SCRIPT ARGUMENT...: where the arguments name a kernel tree, it is built in from now on.
use_tree() {
  local lines
  mapfile -t lines < <(python3 "$1" --print-tree "${@:2}")
  [[ ${#lines[@]} == 3 ]] || return 0
  build_prefix="${lines[0]}" tree_name="${lines[1]}"
  configure=("-DWALKRACE_KERNEL_TREE=${lines[2]}")
  say "kernel tree $tree_name: its code is GPL-2.0, and so is every program that is built with it"
}

# with_progress LOG COMMAND...: its output goes to the log; says how far ninja has come.
with_progress() {
  local log="$1" pid status=0 said="$SECONDS" step every=10 to_terminal=false
  shift
  [[ ! -t 1 ]] || to_terminal=true every=1
  "$@" >>"$log" 2>&1 </dev/null &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    ((SECONDS - said >= every)) || continue
    said="$SECONDS"
    step="$(grep -oE '^\[[0-9]+/[0-9]+\]' "$log" | tail -n 1 | tr -d '[]')" || continue
    if "$to_terminal"; then
      printf '\r[%s] %s of the files ' "$(clock "$SECONDS")" "${step/\// of }"
    else
      say "${step/\// of } files"
    fi
  done
  ! "$to_terminal" || printf '\r\033[K'
  wait "$pid" || status=$?
  return "$status"
}

# A tree that cannot be built has said why in words of its own (build_tree.py), which stand in no
# need of what cmake and ninja add.
build_failed() {
  local preset="$1" log="$2" dir="$build_prefix$1" why
  why="$dir/src/kernel/port/$tree_name/error.txt"
  if [[ -n "$tree_name" && -s "$why" ]]; then
    cat "$why" >&2
    exit "$exit_infrastructure"
  fi
  tail -n 40 "$log" | sed 's/^/  | /' >&2
  die "$exit_infrastructure" "$preset does not build: cmake --build $dir  (all of it: $log)"
}

# Builds what fuzzing needs of a preset: the command line tool, and the targets where it has them.
build_for_fuzzing() {
  local dir="$build_prefix$1" log="$logs/build_fuzz_$1.log" what=(--target walkrace)
  contains "$1" "${tested_flavours[@]}" || what=(--target all)
  mkdir -p "$logs"
  say "build $1"
  cmake --preset "$1" -B "$dir" "${configure[@]}" >"$log" 2>&1 </dev/null || build_failed "$1" "$log"
  # The tree first: what it needs is known before a long build.
  if [[ -n "$tree_name" ]]; then
    with_progress "$log" cmake --build "$dir" --parallel "$jobs" --target walkrace_tree_objects ||
      build_failed "$1" "$log"
  fi
  with_progress "$log" cmake --build "$dir" --parallel "$jobs" "${what[@]}" ||
    build_failed "$1" "$log"
}
