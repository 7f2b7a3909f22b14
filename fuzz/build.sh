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

# watch_build WHAT LOG: says now and then how far ninja has come.
watch_build() {
  local step every=10 to_terminal=false
  [[ ! -t 1 ]] || to_terminal=true every=1
  while sleep "$every" && kill -0 $$ 2>/dev/null; do
    # A tree is one step.
    step="$(sed -nE 's:^\[([0-9]+)/([0-9]{2,})\].*:, \1 of \2:p' "$2" | tail -n 1)"
    if "$to_terminal"; then
      printf '\r\033[K[%s] %s: %s%s\r' "$(clock "$SECONDS")" "$script" "$1" "$step"
    else
      say "$1$step"
    fi
  done
}

# with_progress WHAT LOG COMMAND...: its output goes to the log.
with_progress() {
  local what="$1" log="$2" watcher status=0
  shift 2
  watch_build "$what" "$log" &
  watcher=$!
  "$@" >>"$log" 2>&1 </dev/null || status=$?
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
  [[ ! -t 1 ]] || printf '\033[K'
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
    with_progress "kernel tree $tree_name for $1" "$log" \
      cmake --build "$dir" --parallel "$jobs" --target walkrace_tree_objects ||
      build_failed "$1" "$log"
  fi
  with_progress "$1" "$log" cmake --build "$dir" --parallel "$jobs" "${what[@]}" ||
    build_failed "$1" "$log"
}
