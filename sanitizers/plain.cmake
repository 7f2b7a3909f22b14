# Optimised, checks on, no sanitizer.
set(WALKRACE_LTO ON)
