// The simulated machine: one arena of page tables and folios, an allocator, a TLB per CPU, and the
// profile in force. One a process, like the engine that it is bound to.
#ifndef WALKRACE_MACHINE_MACHINE_H_
#define WALKRACE_MACHINE_MACHINE_H_

#include "engine/engine.h"
#include "kernel/mm_types.h"
#include "machine/layout.h"
#include "machine/profiles.h"

namespace walkrace {

// The engine's locations are the machine's arena from now on.
void BindMachine(Engine* engine);

// Puts the machine into its state at the start of a run. Cheap where layout and mms are the last
// run's: a copy.
void BeginMachine(const Layout& layout, const CpuMms& mms, const Profile& profile);

// Between runs, after a data race was reported: lets the same race be reported again. The machine
// is in no usable state until BeginMachine.
void ForgetRaces();

const Profile& ActiveProfile();

mm_struct* MachineMm(int mm = 0);

// User virtual address of an area page, counted through the mms.
unsigned long AddressOfPage(int page);

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_MACHINE_H_
