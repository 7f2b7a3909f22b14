# Optimised, checks on, no sanitizer.
