// ThreadSanitizer's defaults for the targets. fuzz/engines.py exports the same for AFL++, which
// otherwise runs them with its own idea of a crash.
//   halt_on_error=1         with 0 the fuzzer would save whatever input comes after the race
//   abort_on_error=0        with 1 the abort can hang in the symbolizer
//   report_signal_unsafe=0  else an abort() of a target dead-locks, and nothing is saved
//   exitcode=66             "data race only", as everywhere
//   atexit_sleep_ms=0       the engine's threads never end: nothing to wait for
extern "C" const char* __tsan_default_options() {
  return "halt_on_error=1:abort_on_error=0:report_signal_unsafe=0:exitcode=66:atexit_sleep_ms=0";
}
