// The TLB of each CPU: one entry per area page. Private to src/machine.
#ifndef WALKRACE_MACHINE_TLB_STATE_H_
#define WALKRACE_MACHINE_TLB_STATE_H_

#include "engine/engine.h"
#include "kernel/mm_types.h"
#include "machine/inspect.h"

namespace walkrace {

void BindTlb(Engine* engine);
void ResetTlbs();

// The translation that `cpu` would use, or null.
const Translation* TlbEntry(CpuId cpu, int page);
void FillTlb(CpuId cpu, int page, const Translation& translation);
void InvalidateTlb(CpuId cpu, int first_page, int end_page);

// Whether the entry in force for an area page is clean, and what the hardware does to it at the
// first write: no event, since no path and no oracle decides by who set the bit. TLB entries that
// were filled from a clean one say so, and a write walks again. In inspect.cc.
bool IsCleanForHardware(int page);
void SetDirtyByHardware(int page);
bool TlbEntryIsClean(CpuId cpu, int page);
void SetTlbEntryClean(CpuId cpu, int page, bool clean);
// What the hardware of `cpu` remembers of a walk that is under way goes with the translations.
void ForgetWalk(CpuId cpu, int first_page, int end_page);
void ResetWalks();

// Whose tasks the CPUs run (cpumask.cc).
void ResetTasks(const CpuMms& mms);
// How a flush of the mm by the running CPU goes on where the profile trims cpumasks: trims, if it
// can, and returns whether the CPU's own flush is enough.
bool TrimCpumask(const mm_struct* mm, bool clears_all, const wr_site* site);

// What kernel/tlb.h does, for a place in the code that is given: of entries, of an mm.
uint64_t GetAndClearEntry(void* entry, const wr_site* site);
uint64_t EstablishInvalid(void* pmdp, const wr_site* site);
uint64_t CollapseFlush(const mm_struct* mm, uint64_t address, void* pmdp, bool invalidate,
                       const wr_site* clear_site, const wr_site* flush_site);
void FlushMmRange(const mm_struct* mm, uint64_t start, uint64_t end, const wr_site* site);
void SyncWalkers(const wr_site* site);

Engine& MachineEngine();

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_TLB_STATE_H_
