// ThreadSanitizer's defaults for test binaries in which no race is expected: the first report fails
// the binary. Without the last option each of them sleeps for a second at its end, because the
// engine's threads never end. In a file of its own: an executable can have one such function.
extern "C" const char* __tsan_default_options() {
  return "report_signal_unsafe=0:atexit_sleep_ms=0";
}
