// mm_cpumask as a state that CPUs share, and powerpc's trimming of it. Mirrors flush_type_needed(),
// exit_flush_lazy_tlbs() and do_exit_flush_lazy_tlb(), arch/powerpc/mm/book3s64/radix_tlb.c, v5.10,
// and with `clears_all` mm_is_singlethreaded() and mm_reset_thread_local(), v5.9. Leaves out:
// coprocessors, full flushes that never trim, the trimming now and then by others than the mm's
// own thread. Deviation: the mask and active_cpus, which is its weight, are read in one step with
// the flush that asks.
#include "kernel/mm.h"
#include "kernel/rwonce.h"
#include "kernel/words.h"
#include "machine/arena.h"
#include "machine/tlb_state.h"
#include "machine/touched.h"

namespace walkrace {
namespace {

constexpr int kNoMm = -1;
struct Task {
  int mm, active_mm;  // their numbers
};
Task tasks[kCpusMax];
uint32_t threads_of_mm[kMmsMax];  // the CPUs that run in it from the start

uint64_t& MaskWord(const mm_struct* mm) { return arena.words[WR_WORD_MM0_CPU_BITMASK + mm->id]; }

int NumberOf(const mm_struct* mm) { return mm == nullptr ? kNoMm : static_cast<int>(mm->id); }

struct Trim {
  const mm_struct* mm;
  bool clears_all;
};

// On the CPU that was interrupted. ORDER(AJ trim-yourself): a CPU leaves the mask by its own hand,
// and only if it runs in the mm no more; pairs with kthread_use_mm(), which sets the bit with
// interrupts off. Cleared by the sender, the bit of a kernel thread that has come meanwhile is
// lost, and later flushes pass it by.
void ExitFlushLazyTlb(void* argument, int cpu) {
  const auto* trim = static_cast<const Trim*>(argument);
  const int number = NumberOf(trim->mm);
  TouchObject(kTaskOf + cpu, Touched::kWrite);
  TouchWords(&MaskWord(trim->mm), 1, Touched::kWrite);
  Task& task = tasks[cpu];
  const bool uses = task.mm == number;
  if (uses && trim->clears_all) return;
  if (!uses) {
    if (task.active_mm == number) task.active_mm = kNoMm;  // switched to init_mm
    if (!trim->clears_all) MaskWord(trim->mm) &= ~(uint64_t{1} << cpu);
  }
  InvalidateTlb(cpu, number * kPagesMax, (number + 1) * kPagesMax);
}

}  // namespace

void ResetTasks(const CpuMms& mms) {
  for (uint32_t& threads : threads_of_mm) threads = 0;
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    tasks[cpu] = {mms.of_cpu[cpu], mms.of_cpu[cpu]};
    threads_of_mm[mms.of_cpu[cpu]] |= 1u << cpu;
  }
}

bool TrimCpumask(const mm_struct* mm, bool clears_all, const wr_site* site) {
  const uint32_t own = 1u << MachineEngine().current();
  const uint32_t mask = wr_mm_cpumask(mm);
  if (mask == own) return true;  // thread-local
  // mm_is_singlethreaded(). Without kernel threads in the mask nothing can be trimmed.
  TouchWords(&MaskWord(mm), 1, Touched::kRead);
  if (MaskWord(mm) == 0 || (threads_of_mm[mm->id] & wr_cpus()) != own) return false;
  uint64_t* users = &arena.words[WR_WORD_MM0_KTHREADS + mm->id];
  if (wr_load(users, sizeof(*users), WR_RELAXED, WR_DATA, site) != 0) return false;
  static const wr_site trim_site = {"src/machine/cpumask.cc", "exit_flush_lazy_tlbs", __LINE__};
  Trim trim = {mm, clears_all};
  wr_ipi(wr_mm_cpumask(mm), ExitFlushLazyTlb, &trim, &trim_site);
  if (clears_all) {
    uint64_t* word = &MaskWord(mm);
    wr_store(word, sizeof(*word), 0, WR_RELAXED, WR_DATA, &trim_site);
  }
  return true;
}

}  // namespace walkrace

using namespace walkrace;

extern "C" {

uint32_t wr_mm_cpumask(const mm_struct* mm) {
  const uint32_t threads = threads_of_mm[mm->id] & wr_cpus();
  TouchWords(&MaskWord(mm), 1, Touched::kRead);
  return threads | static_cast<uint32_t>(MaskWord(mm));
}

void wr_set_task_mm(mm_struct* mm, mm_struct* active_mm) {
  TouchObject(kTaskOf + MachineEngine().current(), Touched::kWrite);
  tasks[MachineEngine().current()] = {NumberOf(mm), NumberOf(active_mm)};
}

}  // extern "C"
