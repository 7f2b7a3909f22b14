# For fuzz/run and ci/gate, after ci/common.sh: source it.
# shellcheck shell=bash
# shellcheck disable=SC2154  # ci/common.sh sets them

# No compiled modules beside the sources.
export PYTHONDONTWRITEBYTECODE=1

# Builds what fuzzing needs of a preset: the command line tool, and the targets where it has them.
build_for_fuzzing() {
  local log="$logs/build_fuzz_$1.log" what=(--target walkrace)
  contains "$1" "${tested_flavours[@]}" || what=(--target all)
  mkdir -p "$logs"
  say "build $1"
  if ! { cmake --preset "$1" && cmake --build --preset "$1" --parallel "$jobs" "${what[@]}"; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" | sed 's/^/  | /' >&2
    die "$exit_infrastructure" "$1 does not build: $(build_command "$1")  (all of it: $log)"
  fi
}
