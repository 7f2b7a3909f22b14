// Architecture profiles as data: the facts that the races depend on. Adding one: one row in
// profiles.cc, or a file of one's own (profile_file.h). Sources: the kernel's arch/ code of the
// version that each row names. sparc64 and arc have huge pages and no fast GUP: no row.
#ifndef WALKRACE_MACHINE_PROFILES_H_
#define WALKRACE_MACHINE_PROFILES_H_

#include <cstddef>
#include <cstdint>

#include "engine/memory_models.h"

namespace walkrace {

// How pmdp_collapse_flush, the zap's get-and-clear and their like empty an entry.
enum class Clear : uint8_t {
  kXchg,         // one atomic exchange, a full barrier
  kRelaxedXchg,  // one atomic exchange without ordering
  kPlain,        // a load, then a store
  kTwoStep,      // first an invalid value that no walker follows, then none
};

// Who is interrupted by a flush, and waited for.
enum class FlushIpi : uint8_t {
  kAllCpus,     // every CPU; each invalidates its own TLB in the handler
  kMmCpumask,   // the CPUs that run this mm; each invalidates its own TLB in the handler
  kSerializes,  // remote TLB entries go by broadcast; then mm_cpumask is interrupted, only to wait
                // for lockless walkers (powerpc hash: serialize_against_pte_lookup)
  // As kMmCpumask without the vCPUs that the hypervisor has preempted: their TLBs are flushed
  // before they run again. Here every other CPU counts as preempted: what a vCPU that runs on and
  // takes the IPI could do, one that is preempted and does not take it can do as well.
  kSkipsPreempted,
  kNobody,  // broadcast invalidation or a hypercall: remote TLB entries go, nobody notices
};

// Whether a walker that has interrupts off holds this flush up.
constexpr bool WaitsForWalkers(FlushIpi how) { return how <= FlushIpi::kSerializes; }

// Where the full barrier stands between the clear of an entry and the look at the counts. Acts
// under weak memory models alone.
enum class ClearBarrier : uint8_t {
  kAtClear,
  kWithFlush,
  kWithIpi,  // on the path that interrupts somebody; none where there is nobody
};

// How a page table that a flush has made unreachable is freed.
enum class TableFree : uint8_t {
  kAtOnce,          // after the flush; tlb_remove_table_sync_one is an empty function
  kRcu,             // after a grace period; tlb_remove_table_sync_one interrupts every CPU
  kRcuIpiFallback,  // no memory for the batch: interrupts every other CPU, then frees at once
};

// Whether a walker can read an entry in two halves.
enum class EntryRead : uint8_t {
  kAtomic,
  kPteHalves,  // ptes: low half, high half, low half again until it is the same; pmds atomic
  // The same, and pmds low half, then high half, read once. The walk of src/paths has the fix of
  // 6.2 all the same, and reads as with kAllHalves; without it: the variant torn-pmd.
  kHalves,
  kAllHalves,  // ptes and pmds: low half, high half, low half again until it is the same
};

struct Profile {
  const char* name;
  const char* summary;
  Clear clear;
  ClearBarrier clear_barrier;
  FlushIpi collapse_flush;  // pmdp_collapse_flush
  FlushIpi other_flush;     // every other flush
  TableFree table_free;
  bool deposit_writes_table;  // pgtable_trans_huge_deposit keeps its list in the table itself
  EntryRead entry_read;
  // HAVE_MOVE_PMD and arch_supports_page_table_move(): mremap moves a whole table.
  bool moves_page_tables = true;
  // Each mm has as many levels as it needs, and p?d_offset looks at the entry to see what it is.
  bool folds_at_run_time = false;
  // CONFIG_ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH: reclaim flushes after it has unmapped a whole batch.
  bool batched_unmap_flush = false;
  // A flush that frees no table is kept from CPUs with a lazy TLB.
  bool skips_lazy_cpus = false;
  // A flush by an mm's only thread takes the other CPUs out of mm_cpumask, and is local from then
  // on (powerpc radix: exit_flush_lazy_tlbs).
  bool trims_cpumask = false;
  // arch_needs_pgtable_deposit(): a huge pmd of a file has a table behind it as well.
  bool deposits_for_files = false;
  // What `--memory hardware` means.
  MemoryKind memory = MemoryKind::kLkmm;
};

const Profile* Profiles(size_t* count);
const Profile& ProfileAt(size_t index);

// Returns null for an unknown name.
const Profile* FindProfile(const char* name);
size_t IndexOf(const Profile& profile);

// Adds a user's profile behind the built-in ones, whose indices stay. `profile.name` and `.summary`
// must live as long as the process. Returns null, and adds nothing, where the name is taken or one
// was added before. REQUIRES: no run is under way.
const Profile* AddProfile(const Profile& profile);
void RemoveAddedProfile();  // for tests

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_PROFILES_H_
