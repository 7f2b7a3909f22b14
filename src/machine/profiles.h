// Architecture profiles as data: the facts that the races depend on. Adding one: one row in
// profiles.cc. Sources: the kernel's arch/ code of the version that each row names.
#ifndef WALKRACE_MACHINE_PROFILES_H_
#define WALKRACE_MACHINE_PROFILES_H_

#include <cstddef>
#include <cstdint>

namespace walkrace {

// How pmdp_collapse_flush and the zap's get-and-clear empty an entry.
enum class Clear : uint8_t {
  kXchg,         // one atomic exchange, a full barrier
  kRelaxedXchg,  // one atomic exchange without ordering
  kPlain,        // a load, then a store
};

// Who is interrupted by a flush, and waited for.
enum class FlushIpi : uint8_t {
  kMmCpumask,  // the CPUs that run this mm; each invalidates its own TLB in the handler
  kNobody,     // broadcast invalidation or a hypercall: remote TLB entries go, nobody notices
};

// How a page table that a flush has made unreachable is freed.
enum class TableFree : uint8_t {
  kAtOnce,  // after the flush; tlb_remove_table_sync_one is an empty function
  kRcu,     // after a grace period; tlb_remove_table_sync_one interrupts every CPU
};

struct Profile {
  const char* name;
  const char* summary;
  Clear clear;
  FlushIpi collapse_flush;  // pmdp_collapse_flush
  FlushIpi other_flush;     // every other flush
  // pmdp_collapse_flush invalidates by broadcast and then interrupts mm_cpumask, only to wait for
  // lockless walkers (powerpc hash: serialize_against_pte_lookup).
  bool collapse_serializes;
  TableFree table_free;
  bool deposit_writes_table;  // pgtable_trans_huge_deposit keeps its list in the table itself
};

const Profile* Profiles(size_t* count);
const Profile& ProfileAt(size_t index);

// Returns null for an unknown name.
const Profile* FindProfile(const char* name);
size_t IndexOf(const Profile& profile);

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_PROFILES_H_
