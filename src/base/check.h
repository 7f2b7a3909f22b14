// Internal invariants, on in every build. A failed check is a defect of walkrace itself: it
// prints the place and the expression and aborts. Never used to judge a run (oracles do that).
// C-compatible: the kernel vocabulary includes it.
#ifndef WALKRACE_BASE_CHECK_H_
#define WALKRACE_BASE_CHECK_H_

#ifdef __cplusplus
extern "C" {
#endif

__attribute__((noreturn, cold)) void walkrace_check_failed(const char* file, int line,
                                                           const char* expression);

#ifdef __cplusplus
}
#endif

#define WR_CHECK(expression)                     \
  (__builtin_expect(!!(expression), 1) ? (void)0 \
                                       : walkrace_check_failed(__FILE__, __LINE__, #expression))

#endif  // WALKRACE_BASE_CHECK_H_
