// TLBs, flushes and entry clearing, by the profile's knobs. Sources: the rows of profiles.cc.
#include "kernel/tlb.h"

#include "engine/steps.h"
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/race_detector.h"
#include "kernel/rwonce.h"
#include "machine/arena.h"
#include "machine/machine.h"
#include "machine/tlb_state.h"
#include "machine/touched.h"

namespace walkrace {
namespace {

Engine* engine;
Translation tlbs[kCpusMax][kAreaPages];  // pfn 0: no entry
bool tlb_clean[kCpusMax][kAreaPages];    // filled from a clean entry

unsigned left_out;  // WR_TLB_*

bool OrdersNothing() { return (left_out & WR_TLB_CLEAR_BARRIER) != 0; }
wr_order ClearOrder() { return OrdersNothing() ? WR_RELAXED : WR_FULL; }

// The CPUs that a flush which frees no table leaves alone: cpu_is_lazy(), arch/x86/mm/tlb.c. Read
// in one step with the flush.
CpuMask LazyCpus() {
  if (!ActiveProfile().skips_lazy_cpus) return 0;
  CpuMask mask = 0;
  TouchWords(&arena.words[WR_WORD_CPU0_IS_LAZY], kCpusMax, Touched::kRead);
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    if (arena.words[WR_WORD_CPU0_IS_LAZY + cpu] != 0) mask |= CpuMask{1} << cpu;
  }
  return mask;
}

struct FlushRange {
  int first_page, end_page;
};

FlushRange PagesOf(const mm_struct* mm, unsigned long start, unsigned long end) {
  const int first = AreaPage(start);
  const int last = AreaPage(end - 1);
  const int base = static_cast<int>(mm->id) * kPagesMax;
  return {first < 0 ? base : first, last < 0 ? base + kPagesMax : last + 1};
}

void InvalidateHandler(void* range, int cpu) {
  const auto* pages = static_cast<const FlushRange*>(range);
  InvalidateTlb(cpu, pages->first_page, pages->end_page);
}

void EmptyHandler(void* /*argument*/, int /*cpu*/) {}

// One step of the running CPU that takes TLB entries away: its own, or everybody's.
void TlbStep(FlushRange range, bool invalidate, bool everybody, CpuMask spared,
             const wr_site* site) {
  engine->Arrive(
      {EventKind::kTlb, everybody, Order::kFull, 0, kNoLocation, site, nullptr, nullptr});
  // Nothing is taken away before what was stored has taken effect; where the profile has its
  // barrier here, nothing that comes is looked at before either.
  engine->CommitLate();
  if (ActiveProfile().clear_barrier == ClearBarrier::kWithFlush && !OrdersNothing()) {
    engine->Fence(FenceKind::kFull);
  }
  const CpuMask mask = everybody ? wr_cpus() & ~spared : CpuMask{1} << engine->current();
  for (CpuId cpu = 0; cpu < engine->cpu_count() && invalidate; ++cpu) {
    if ((mask >> cpu & 1) != 0) InvalidateTlb(cpu, range.first_page, range.end_page);
  }
  engine->Complete(range.first_page, range.end_page);
}

void Serialize(const mm_struct* mm) {
  static const wr_site site = {"src/machine/tlb.cc", "serialize_against_pte_lookup", __LINE__};
  if (!OrdersNothing()) wr_fence(WR_MB, &site);
  wr_ipi(mm_cpumask(mm), EmptyHandler, nullptr, &site);
}

void Flush(FlushIpi how, const mm_struct* mm, unsigned long start, unsigned long end,
           bool invalidate, const wr_site* site, CpuMask spared = 0) {
  FlushRange range = PagesOf(mm, start, end);
  if (ActiveProfile().trims_cpumask && TrimCpumask(mm, (left_out & WR_TLB_TRIM_CHECK) != 0, site)) {
    TlbStep(range, invalidate, false, spared, site);
    if (how == FlushIpi::kSerializes) Serialize(mm);
    return;
  }
  const bool by_handler = how == FlushIpi::kAllCpus || how == FlushIpi::kMmCpumask;
  TlbStep(range, invalidate, !by_handler, spared, site);
  if (by_handler) {
    const uint32_t mask = how == FlushIpi::kAllCpus ? wr_cpus() : mm_cpumask(mm);
    wr_ipi(mask & ~spared, invalidate ? InvalidateHandler : EmptyHandler, &range, site);
  } else if (how == FlushIpi::kSerializes) {
    Serialize(mm);
  }
}

uint64_t ClearEntry(void* entry, Clear how, const wr_site* site) {
  switch (how) {
    case Clear::kXchg:
      return wr_rmw(entry, 8, WR_XCHG, 0, 0, ClearOrder(), WR_ENTRY, nullptr, site);
    case Clear::kRelaxedXchg:
      return wr_rmw(entry, 8, WR_XCHG, 0, 0, WR_RELAXED, WR_ENTRY, nullptr, site);
    case Clear::kTwoStep: {
      // IDTE, IPTE: the entry is invalid for the hardware, and as it was for software.
      const uint64_t old =
          wr_rmw(entry, 8, WR_OR, _PAGE_INVALID, 0, ClearOrder(), WR_ENTRY, nullptr, site);
      wr_store(entry, 8, 0, WR_RELAXED, WR_ENTRY, site);
      return old;
    }
    case Clear::kPlain:
      break;
  }
  const uint64_t old = wr_load(entry, 8, WR_RELAXED, WR_ENTRY, site);
  wr_store(entry, 8, 0, WR_RELAXED, WR_ENTRY, site);
  return old;
}

// pmdp_establish of pmd_mkinvalid: not present, and still huge. Nobody but the hardware's accessed
// and dirty bits, which are not modelled, changes the entry meanwhile.
uint64_t InvalidateEntry(void* entry, const wr_site* site) {
  const uint64_t old = wr_load(entry, 8, WR_RELAXED, WR_ENTRY, site);
  const uint64_t invalid = old & ~(_PAGE_PRESENT | _PAGE_PROTNONE);
  switch (ActiveProfile().clear) {
    case Clear::kXchg:
    case Clear::kTwoStep:
      return wr_rmw(entry, 8, WR_XCHG, invalid, 0, ClearOrder(), WR_ENTRY, nullptr, site);
    case Clear::kRelaxedXchg:
      return wr_rmw(entry, 8, WR_XCHG, invalid, 0, WR_RELAXED, WR_ENTRY, nullptr, site);
    case Clear::kPlain:
      break;
  }
  wr_store(entry, 8, invalid, WR_RELAXED, WR_ENTRY, site);
  return old;
}

static_assert(WR_TABLES_AT_ONCE == static_cast<int>(TableFree::kAtOnce) &&
              WR_TABLES_RCU == static_cast<int>(TableFree::kRcu) &&
              WR_TABLES_IPI == static_cast<int>(TableFree::kRcuIpiFallback));

}  // namespace

void BindTlb(Engine* bound) { engine = bound; }
Engine& MachineEngine() { return *engine; }

void ResetTlbs() {
  __builtin_memset_inline(tlbs, 0, sizeof(tlbs));
  ResetWalks();
}

const Translation* TlbEntry(CpuId cpu, int page) {
  TouchObject(kTlbOf + cpu * kAreaPages + page, Touched::kRead);
  const Translation& entry = tlbs[cpu][page];
  return entry.pfn == 0 ? nullptr : &entry;
}

void FillTlb(CpuId cpu, int page, const Translation& translation) {
  TouchObject(kTlbOf + cpu * kAreaPages + page, Touched::kWrite);
  tlbs[cpu][page] = translation;
}

bool TlbEntryIsClean(CpuId cpu, int page) { return tlb_clean[cpu][page]; }
void SetTlbEntryClean(CpuId cpu, int page, bool clean) { tlb_clean[cpu][page] = clean; }

namespace {

// Whole regions: huge entries go as a whole.
void TouchTlb(CpuId cpu, int first_page, int end_page) {
  if (!engine->collects_touches()) return;
  const int first = first_page / kPagesPerRegion;
  const int last = (end_page - 1) / kPagesPerRegion;
  for (int page = first * kPagesPerRegion; page < (last + 1) * kPagesPerRegion; ++page) {
    TouchObject(kTlbOf + cpu * kAreaPages + page, Touched::kWrite);
  }
}

}  // namespace

// A huge entry goes as a whole, whichever of its pages is named.
void InvalidateTlb(CpuId cpu, int first_page, int end_page) {
  ForgetWalk(cpu, first_page, end_page);
  if (first_page >= end_page) return;
  TouchTlb(cpu, first_page, end_page);
  for (int page = first_page; page < end_page; ++page) tlbs[cpu][page] = Translation();
  const auto region = [](int page) { return page / kPagesPerRegion * kPagesPerRegion; };
  for (int page = region(first_page); page < region(end_page - 1) + kPagesPerRegion; ++page) {
    if (tlbs[cpu][page].huge) tlbs[cpu][page] = Translation();
  }
}

Translation CachedTranslation(CpuId cpu, int page) { return tlbs[cpu][page]; }

void FlushMmRange(const mm_struct* mm, uint64_t start, uint64_t end, const wr_site* site) {
  Flush(ActiveProfile().other_flush, mm, start, end, true, site);
}

uint64_t GetAndClearEntry(void* entry, const wr_site* site) {
  return ClearEntry(entry, ActiveProfile().clear, site);
}

uint64_t EstablishInvalid(void* pmdp, const wr_site* site) { return InvalidateEntry(pmdp, site); }

uint64_t CollapseFlush(const mm_struct* mm, uint64_t address, void* pmdp, bool invalidate,
                       const wr_site* clear_site, const wr_site* flush_site) {
  const uint64_t start = address & HPAGE_PMD_MASK;
  const Clear own = ActiveProfile().clear;
  const bool generic = own == Clear::kTwoStep && (left_out & WR_TLB_TWO_STEP_CLEAR) != 0;
  const uint64_t pmd = ClearEntry(pmdp, generic ? Clear::kPlain : own, clear_site);
  const CpuMask spared = (left_out & WR_TLB_LAZY_CPUS) != 0 ? LazyCpus() : 0;
  Flush(ActiveProfile().collapse_flush, mm, start, start + HPAGE_PMD_SIZE, invalidate, flush_site,
        spared);
  return pmd;
}

void SyncWalkers(const wr_site* site) {
  if (ActiveProfile().table_free == TableFree::kAtOnce) return;
  wr_ipi(wr_cpus(), EmptyHandler, nullptr, site);
}

}  // namespace walkrace

using namespace walkrace;

extern "C" {

pte_t wr_ptep_get_and_clear(pte_t* ptep, const wr_site* site) {
  const RaceDetectorFrame caller(__builtin_return_address(0));
  return __pte(ClearEntry(ptep, ActiveProfile().clear, site));
}

pmd_t wr_pmdp_huge_get_and_clear(pmd_t* pmdp, const wr_site* site) {
  const RaceDetectorFrame caller(__builtin_return_address(0));
  return __pmd(ClearEntry(pmdp, ActiveProfile().clear, site));
}

pmd_t wr_pmdp_collapse_flush(vm_area_struct* vma, unsigned long address, pmd_t* pmdp,
                             bool invalidate) {
  // The function's own name in the trace: it is the one that people look for.
  static const wr_site clear_site = {"src/machine/tlb.cc", "pmdp_collapse_flush", __LINE__};
  static const wr_site flush_site = {"src/machine/tlb.cc", "pmdp_collapse_flush", __LINE__};
  const RaceDetectorFrame caller(__builtin_return_address(0));
  return __pmd(CollapseFlush(vma->vm_mm, address, pmdp, invalidate, &clear_site, &flush_site));
}

pmd_t wr_pmdp_collapse_flush_plain(vm_area_struct* vma, unsigned long address, pmd_t* pmdp) {
  static const wr_site clear_site = {"src/machine/tlb.cc", "pmdp_collapse_flush", __LINE__};
  static const wr_site flush_site = {"src/machine/tlb.cc", "pmdp_collapse_flush", __LINE__};
  const RaceDetectorFrame caller(__builtin_return_address(0));
  const unsigned long start = address & HPAGE_PMD_MASK;
  const pmd_t pmd = __pmd(wr_load(pmdp, sizeof(*pmdp), WR_PLAIN, WR_ENTRY, &clear_site));
  wr_store(pmdp, sizeof(*pmdp), 0, WR_PLAIN, WR_ENTRY, &clear_site);
  Flush(ActiveProfile().collapse_flush, vma->vm_mm, start, start + HPAGE_PMD_SIZE, true,
        &flush_site);
  return pmd;
}

pmd_t wr_pmdp_invalidate(vm_area_struct* vma, unsigned long address, pmd_t* pmdp, bool flush) {
  static const wr_site establish_site = {"src/machine/tlb.cc", "pmdp_invalidate", __LINE__};
  static const wr_site flush_site = {"src/machine/tlb.cc", "pmdp_invalidate", __LINE__};
  const RaceDetectorFrame caller(__builtin_return_address(0));
  const unsigned long start = address & HPAGE_PMD_MASK;
  const pmd_t pmd = __pmd(EstablishInvalid(pmdp, &establish_site));
  if (flush) FlushMmRange(vma->vm_mm, start, start + HPAGE_PMD_SIZE, &flush_site);
  return pmd;
}

void wr_flush_tlb_range(mm_struct* mm, unsigned long start, unsigned long end) {
  static const wr_site site = {"src/machine/tlb.cc", "flush_tlb_range", __LINE__};
  FlushMmRange(mm, start, end, &site);
}

void wr_tlb_leave_out(unsigned parts) { left_out = parts; }

void wr_flush_tlb_own(mm_struct* mm, const wr_site* site) {
  const int first = static_cast<int>(mm->id) * kPagesMax;
  TlbStep({first, first + kPagesMax}, true, false, 0, site);
}

enum wr_table_free wr_table_free(void) {
  return static_cast<enum wr_table_free>(ActiveProfile().table_free);
}
bool wr_batches_unmap_flush(void) { return ActiveProfile().batched_unmap_flush; }

void tlb_remove_table_sync_one(void) {
  static const wr_site site = {"src/machine/tlb.cc", "tlb_remove_table_sync_one", __LINE__};
  SyncWalkers(&site);
}

}  // extern "C"
