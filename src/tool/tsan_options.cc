// ThreadSanitizer's defaults for `walkrace`: it searches and minimises in one process, so a report
// does not end it, equal races are reported each time (see also ForgetRaces()), the exit code is
// ours to choose, and there is nothing to wait for at the end: the engine's threads never end.
extern "C" const char* __tsan_default_options() {
  return "halt_on_error=0:exitcode=0:report_signal_unsafe=0:suppress_equal_stacks=0:"
         "suppress_equal_addresses=0:atexit_sleep_ms=0";
}
