#include "machine/profiles.h"

#include <cstring>

#include "base/check.h"

namespace walkrace {
namespace {

constexpr Profile kProfiles[] = {
    {.name = "x86-64",
     .summary = "bare metal, 6.0: every flush is an IPI to mm_cpumask and waits",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kMmCpumask,
     .other_flush = FlushIpi::kMmCpumask,
     .table_free = TableFree::kAtOnce,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .batched_unmap_flush = true},
    {.name = "x86-64-paravirt",
     .summary = "Hyper-V and Xen PV guests: flush by hypercall, no IPI, RCU tables",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .batched_unmap_flush = true},
    {.name = "arm64",
     .summary = "TLBI broadcast and DSB, no IPI, RCU tables",
     .clear = Clear::kRelaxedXchg,
     .clear_barrier = ClearBarrier::kWithFlush,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic},
    {.name = "powerpc-hash",
     .summary = "collapse alone interrupts mm_cpumask and waits; other flushes interrupt nobody",
     .clear = Clear::kPlain,
     .clear_barrier = ClearBarrier::kWithFlush,
     .collapse_flush = FlushIpi::kSerializes,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic},
};

constexpr size_t kProfileCount = sizeof(kProfiles) / sizeof(kProfiles[0]);

}  // namespace

const Profile* Profiles(size_t* count) {
  *count = kProfileCount;
  return kProfiles;
}

const Profile& ProfileAt(size_t index) {
  WR_CHECK(index < kProfileCount);
  return kProfiles[index];
}

const Profile* FindProfile(const char* name) {
  for (const Profile& profile : kProfiles) {
    if (std::strcmp(profile.name, name) == 0) return &profile;
  }
  return nullptr;
}

size_t IndexOf(const Profile& profile) { return &profile - kProfiles; }

}  // namespace walkrace
