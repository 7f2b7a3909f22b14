// What the hardware's walker does ahead of the program: it reads tables at any time, for addresses
// that nobody uses in the end, and keeps links to tables in its paging-structure caches until they
// are flushed. An ordinary access walks in one step with its use (user_access.cc): this is the walk
// that a flush has to reach.
#include "base/check.h"
#include "engine/steps.h"
#include "kernel/tlb.h"
#include "machine/arena.h"
#include "machine/tlb_state.h"
#include "machine/touched.h"

namespace walkrace {
namespace {

constexpr int kNoWalk = -1;
int walks[kCpusMax] = {kNoWalk, kNoWalk, kNoWalk, kNoWalk};  // by CPU: the page of its walk

int RegionOf(int page) { return page / kPagesPerRegion; }

void ArriveAtLoad(const wr_site* site) {
  MachineEngine().Arrive(
      {EventKind::kLoad, 0, Order::kPlain, 8, kNoLocation, site, nullptr, nullptr});
}

uint64_t CompleteLoad(uint64_t& entry) {
  Engine& engine = MachineEngine();
  const uint64_t value = entry;
  engine.ResolveLocation(engine.LocationOf(&entry));
  engine.Complete(value, value);
  return value;
}

}  // namespace

static_assert(kCpusMax == 4);

void ForgetWalk(CpuId cpu, int first_page, int end_page) {
  TouchObject(kWalkOf + cpu, Touched::kWrite);
  const int page = walks[cpu];
  if (page == kNoWalk || first_page >= end_page) return;
  if (RegionOf(page) < RegionOf(first_page) || RegionOf(page) > RegionOf(end_page - 1)) return;
  walks[cpu] = kNoWalk;
}

void ResetWalks() {
  for (int& walk : walks) walk = kNoWalk;
}

}  // namespace walkrace

using namespace walkrace;

extern "C" void wr_speculative_walk(unsigned long address, const wr_site* site) {
  const CpuId cpu = MachineEngine().current();
  const int page = AreaPage(address);
  WR_CHECK(page >= 0);
  const int pmd_table = page / kPagesMax * kUpperTables + kPmdTable;
  ArriveAtLoad(site);
  const uint64_t pmd = CompleteLoad(EntryOf(pmd_table, static_cast<int>(pmd_index(address))));
  const EntryView link = DecodeEntry(ObjectKind::kPmd, pmd);
  if (link.kind != EntryView::kTable || (pmd & _PAGE_INVALID) != 0) return;
  walks[cpu] = page;
  TouchObject(kWalkOf + cpu, Touched::kWrite);
  ArriveAtLoad(site);
  TouchObject(kWalkOf + cpu, Touched::kWrite);
  if (walks[cpu] == kNoWalk) return MachineEngine().Complete(0, 0);  // flushed meanwhile
  walks[cpu] = kNoWalk;
  (void)CompleteLoad(EntryOf(link.frame, static_cast<int>(pte_index(address))));
}
