// Interrupts of the running CPU: an event each. Flags are 1 on, 0 off.
#ifndef WALKRACE_ASM_IRQFLAGS_H
#define WALKRACE_ASM_IRQFLAGS_H
#include "calls.h"
#define ARCH_IRQ_DISABLED 0
#define ARCH_IRQ_ENABLED 1
static inline __attribute__((always_inline)) unsigned long arch_local_save_flags(void) {
  return wr_port_irqs_on();
}
static inline __attribute__((always_inline)) unsigned long arch_local_irq_save(void) {
  return wr_port_irq_save();
}
static inline __attribute__((always_inline)) void arch_local_irq_restore(unsigned long flags) {
  wr_port_irq_restore(flags);
}
static inline __attribute__((always_inline)) void arch_local_irq_disable(void) {
  (void)wr_port_irq_save();
}
static inline __attribute__((always_inline)) void arch_local_irq_enable(void) {
  wr_port_irq_restore(1);
}
static inline __attribute__((always_inline)) int arch_irqs_disabled_flags(unsigned long flags) {
  return flags == 0;
}
static inline __attribute__((always_inline)) int arch_irqs_disabled(void) {
  return !wr_port_irqs_on();
}
#endif
