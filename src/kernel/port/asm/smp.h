// CPUs are the scenario's. Calls between them go through the stubs.
#ifndef WALKRACE_ASM_SMP_H
#define WALKRACE_ASM_SMP_H
#include "calls.h"
#define raw_smp_processor_id() wr_port_cpu()
#define cpu_logical_map(cpu) (cpu)
static inline void arch_send_call_function_single_ipi(int cpu) {}
struct cpumask;
static inline void arch_send_call_function_ipi_mask(const struct cpumask* mask) {}
static inline void arch_smp_send_reschedule(int cpu) {}
#define smp_send_reschedule arch_smp_send_reschedule
#endif
