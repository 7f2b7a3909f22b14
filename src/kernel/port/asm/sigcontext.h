// What headers ask for; no signal is delivered.
#ifndef WALKRACE_ASM_SIGCONTEXT_H
#define WALKRACE_ASM_SIGCONTEXT_H
struct sigcontext {
  unsigned long unused;
};
#endif
