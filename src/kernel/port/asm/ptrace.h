// Registers: of no use here.
#ifndef WALKRACE_ASM_PTRACE_H
#define WALKRACE_ASM_PTRACE_H
struct pt_regs {
  unsigned long ip;
};
#define user_mode(regs) 0
#define instruction_pointer(regs) ((regs)->ip)
#define profile_pc(regs) ((regs)->ip)
#define user_stack_pointer(regs) 0ul
#define kernel_stack_pointer(regs) 0ul
#define current_pt_regs() ((struct pt_regs*)0)
#define arch_has_single_step() 0
#endif
