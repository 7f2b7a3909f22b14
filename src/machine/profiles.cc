// The built-in profiles, and the one that a user may add. Facts: arch/ and mm/ of Linux 6.0.1
// unless a row names another version. Generic code: pmdp_collapse_flush (mm/pgtable-generic.c) is a
// get-and-clear and flush_tlb_range; ptep_get_and_clear and its pmd twin (include/linux/pgtable.h)
// are a plain load and a plain store where the architecture has none of its own; RCU table free is
// CONFIG_MMU_GATHER_RCU_TABLE_FREE, without which tlb_remove_table_sync_one is empty.
#include "machine/profiles.h"

#include <cstring>

#include "base/check.h"

namespace walkrace {
namespace {

constexpr Profile kBuiltIn[] = {
    // Clear: native_ptep_get_and_clear, an xchg. Flushes: flush_tlb_mm_range interrupts mm_cpumask
    // and
    // waits (native_flush_tlb_multi, arch/x86/mm/tlb.c); lazy CPUs are skipped unless tables are
    // freed, which pmdp_collapse_flush says since 6.15 alone: lazy-cpus-walk-on. Tables: RCU only
    // with PARAVIRT, which this kernel lacks.
    {.name = "x86-64",
     .summary = "bare metal, 6.0: every flush is an IPI to mm_cpumask and waits",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kMmCpumask,
     .other_flush = FlushIpi::kMmCpumask,
     .table_free = TableFree::kAtOnce,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .batched_unmap_flush = true,
     .skips_lazy_cpus = true,
     .memory = MemoryKind::kTso},
    // Flushes: hyperv_flush_tlb_multi, xen_flush_tlb_multi: a hypercall, no guest IPI. Tables: by
    // RCU
    // since PARAVIRT selects it (9e52fc2b50de), tlb_remove_table.
    {.name = "x86-64-paravirt",
     .summary = "Hyper-V and Xen PV guests: flush by hypercall, no IPI, RCU tables",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .batched_unmap_flush = true,
     .skips_lazy_cpus = true,
     .memory = MemoryKind::kTso},
    // Clear: __ptep_get_and_clear, xchg_relaxed. Flushes: TLBI ...IS is broadcast by the hardware;
    // the
    // dsb(ish) behind it, in the flush, is the barrier. Tables: MMU_GATHER_RCU_TABLE_FREE.
    {.name = "arm64",
     .summary = "TLBI broadcast and DSB, no IPI, RCU tables",
     .clear = Clear::kRelaxedXchg,
     .clear_barrier = ClearBarrier::kWithFlush,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .memory = MemoryKind::kMca},
    // Collapse: hash__pmdp_collapse_flush clears plainly, smp_mb, serialize_against_pte_lookup (IPI
    // to
    // mm_cpumask, waits), then flushes the hash entries. Other flushes: tlbie, no IPI. Tables:
    // MMU_GATHER_RCU_TABLE_FREE. Deposit: hash__pgtable_trans_huge_deposit keeps the table in the
    // slot
    // behind the pmd table, of a file's huge pmd too: arch_needs_pgtable_deposit().
    {.name = "powerpc-hash",
     .summary = "collapse alone interrupts mm_cpumask and waits; other flushes interrupt nobody",
     .clear = Clear::kPlain,
     .clear_barrier = ClearBarrier::kWithFlush,
     .collapse_flush = FlushIpi::kSerializes,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .moves_page_tables = false,
     .deposits_for_files = true},
    // Flushes: kvm_flush_tlb_multi (arch/x86/kernel/kvm.c) marks preempted vCPUs KVM_VCPU_FLUSH_TLB
    // and
    // takes them out of the mask, then interrupts the rest. Tables: RCU, by PARAVIRT.
    {.name = "x86-64-kvm",
     .summary = "KVM guest: flush by IPI, preempted vCPUs skipped; RCU tables",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kSkipsPreempted,
     .other_flush = FlushIpi::kSkipsPreempted,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .batched_unmap_flush = true,
     .skips_lazy_cpus = true,
     .memory = MemoryKind::kTso},
    // "x86/mm: make MMU_GATHER_RCU_TABLE_FREE unconditional", 2025; the flush is x86-64's.
    {.name = "x86-64-rcu",
     .summary = "bare metal since 6.15: flush by IPI as before, RCU tables",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kMmCpumask,
     .other_flush = FlushIpi::kMmCpumask,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .batched_unmap_flush = true,
     .skips_lazy_cpus = true,
     .memory = MemoryKind::kTso},
    // AMD's INVLPGB with a global ASID (broadcast_tlb_flush, arch/x86/mm/tlb.c, 6.15): the hardware
    // broadcasts, TLBSYNC waits, no CPU is interrupted. Needs tables by RCU, which came just
    // before.
    {.name = "x86-64-invlpgb",
     .summary = "bare metal since 6.15 with broadcast INVLPGB: no IPI, RCU tables",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .batched_unmap_flush = true,
     .memory = MemoryKind::kTso},
    // 32 bits, 64-bit entries. Clear: xchg of the low half, then the high half is emptied
    // (arch/x86/include/asm/pgtable-3level.h); taken as one exchange here. Reads:
    // GUP_GET_PTE_LOW_HIGH for
    // ptes; gup.c's READ_ONCE of a pmd is two loads, low and high, done once.
    {.name = "x86-pae",
     .summary =
         "32-bit PAE, 6.0: as x86-64; ptes read low, high, low; pmds read in two halves, once",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kMmCpumask,
     .other_flush = FlushIpi::kMmCpumask,
     .table_free = TableFree::kAtOnce,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kHalves,
     .batched_unmap_flush = true,
     .skips_lazy_cpus = true,
     .memory = MemoryKind::kTso},
    // GUP_GET_PXX_LOW_HIGH since 6.2 (024d232ae4fc, 1180e732c985): pmdp_get_lockless in gup.c.
    {.name = "x86-pae-new",
     .summary = "32-bit PAE since 6.2: ptes and pmds both read low, high, low",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kMmCpumask,
     .other_flush = FlushIpi::kMmCpumask,
     .table_free = TableFree::kAtOnce,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAllHalves,
     .batched_unmap_flush = true,
     .skips_lazy_cpus = true,
     .memory = MemoryKind::kTso},
    // A 32-bit PAE guest of Hyper-V: flushes as x86-64-paravirt, entries as x86-pae. The flush that
    // was
    // to keep a reader of two halves safe interrupts nobody here.
    {.name = "x86-pae-paravirt",
     .summary = "32-bit PAE Hyper-V guest, 6.0: x86-pae with flush by hypercall, RCU tables",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kHalves,
     .batched_unmap_flush = true,
     .skips_lazy_cpus = true,
     .memory = MemoryKind::kTso},
    // LPAE: generic ptep_get_and_clear; the 64-bit store is one strd (its atomicity was not
    // checked).
    // Flushes: broadcast TLBI on SMPv7; dsb on both sides. Left out: CPUs without broadcast, and
    // erratum
    // 798181, which send IPIs (arch/arm/kernel/smp_tlb.c). Tables: MMU_GATHER_RCU_TABLE_FREE if
    // SMP.
    {.name = "arm-lpae",
     .summary = "32-bit Arm, LPAE: plain clear, TLBI broadcast and DSB, no IPI, RCU tables",
     .clear = Clear::kPlain,
     .clear_barrier = ClearBarrier::kWithFlush,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .moves_page_tables = false},
    // Clear: pmdp_xchg_direct, IDTE or CSP: the entry is invalidated (with its TLB entries,
    // everywhere),
    // then stored empty; it serialises. ptes: IPTE, likewise. Tables: RCU. Deposit:
    // pgtable_trans_huge_deposit (arch/s390/mm/pgtable.c) keeps a list head in the table.
    // Folding: p4d_offset and pud_offset (arch/s390/include/asm/pgtable.h) go by the entry's type;
    // a
    // process begins with three levels.
    {.name = "s390",
     .summary = "IDTE, then empty: two steps; nobody is interrupted; deposit writes into the table",
     .clear = Clear::kTwoStep,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = true,
     .entry_read = EntryRead::kAtomic,
     .moves_page_tables = false,
     .folds_at_run_time = true,
     .memory = MemoryKind::kTso},
    // Collapse: radix__pmdp_collapse_flush: plain clear, smp_mb in the flush; the IPI was dropped
    // by
    // bedf03416913. Flushes: tlbie, broadcast. Tables: RCU. Deposit:
    // radix__pgtable_trans_huge_deposit
    // keeps a list head in the table.
    {.name = "powerpc-radix",
     .summary = "radix, 6.0: tlbie broadcast, no IPI, RCU tables; deposit writes into the table",
     .clear = Clear::kPlain,
     .clear_barrier = ClearBarrier::kWithFlush,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = true,
     .entry_read = EntryRead::kAtomic,
     .trims_cpumask = true},
    // Until bedf03416913 (6.0): radix__pmdp_collapse_flush called serialize_against_pte_lookup.
    {.name = "powerpc-radix-ipi",
     .summary = "radix before 6.0: collapse alone interrupts mm_cpumask and waits",
     .clear = Clear::kPlain,
     .clear_barrier = ClearBarrier::kWithFlush,
     .collapse_flush = FlushIpi::kSerializes,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = true,
     .entry_read = EntryRead::kAtomic,
     .trims_cpumask = true},
    // Clear: ptep_get_and_clear, atomic_long_xchg. Flushes: on_each_cpu_mask(mm_cpumask), waits
    // (arch/riscv/mm/tlbflush.c). Tables (6.9, where fast GUP came): tlb_remove_ptdesc frees by RCU
    // only
    // where the SBI flushes. The sync of collapse, which that configuration does have, would wait
    // once
    // more for those whom the flush waited for.
    {.name = "riscv-ipi",
     .summary = "6.9, flush by IPI to mm_cpumask; tables freed after the flush",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kMmCpumask,
     .other_flush = FlushIpi::kMmCpumask,
     .table_free = TableFree::kAtOnce,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .memory = MemoryKind::kMca},
    // Flushes: sbi_remote_sfence_vma_asid: the firmware's doing, no kernel sees it. Tables: RCU.
    {.name = "riscv-sbi",
     .summary = "6.9, flush by SBI remote fence: no IPI, RCU tables",
     .clear = Clear::kXchg,
     .clear_barrier = ClearBarrier::kAtClear,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kRcu,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .memory = MemoryKind::kMca},
    // Clear: ptep_get_and_clear and pmdp_huge_get_and_clear, plain. Flushes: smp_on_other_tlbs,
    // every
    // other CPU, waits, unless the sender is the mm's only user (arch/mips/kernel/smp.c): then
    // nobody else
    // walks either. Tables: no RCU. 64 bits: entries are read at once.
    // 32-bit kernels with 64-bit physical addresses (XPA) read a pte low, high, low, but have no
    // huge
    // pages (CPU_SUPPORTS_HUGEPAGES excludes them), hence no profile here.
    {.name = "mips",
     .summary = "without MMIDs: flushes interrupt every CPU; tables freed at once",
     .clear = Clear::kPlain,
     .clear_barrier = ClearBarrier::kWithIpi,
     .collapse_flush = FlushIpi::kAllCpus,
     .other_flush = FlushIpi::kAllCpus,
     .table_free = TableFree::kAtOnce,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .moves_page_tables = false},
    // cpu_has_mmid: flush_tlb_range and friends use ginvt, a broadcast that the sync instruction
    // ends: no IPI, and still no RCU for tables. Unchanged in 6.19.
    {.name = "mips-mmid",
     .summary = "with MMIDs: GINVT broadcast, no IPI, and tables freed at once: exposed as it is",
     .clear = Clear::kPlain,
     .clear_barrier = ClearBarrier::kWithFlush,
     .collapse_flush = FlushIpi::kNobody,
     .other_flush = FlushIpi::kNobody,
     .table_free = TableFree::kAtOnce,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .moves_page_tables = false},
    // Clear: ptep_get_and_clear and pmdp_huge_get_and_clear, plain. Flushes:
    // on_each_cpu_mask(mm_cpumask) unless the sender is the mm's only user
    // (arch/loongarch/kernel/smp.c). Tables: no RCU.
    {.name = "loongarch",
     .summary = "flush by IPI to mm_cpumask; the barrier is the IPI; tables freed at once",
     .clear = Clear::kPlain,
     .clear_barrier = ClearBarrier::kWithIpi,
     .collapse_flush = FlushIpi::kMmCpumask,
     .other_flush = FlushIpi::kMmCpumask,
     .table_free = TableFree::kAtOnce,
     .deposit_writes_table = false,
     .entry_read = EntryRead::kAtomic,
     .moves_page_tables = false},
};

constexpr size_t kBuiltInCount = sizeof(kBuiltIn) / sizeof(kBuiltIn[0]);

// One table, so that an index says a row: the built-in ones, then the user's.
struct Table {
  Profile rows[kBuiltInCount + 1];
  size_t count;
};

constexpr Table MakeTable() {
  Table table = {};
  for (const Profile& row : kBuiltIn) table.rows[table.count++] = row;
  return table;
}

constinit Table table = MakeTable();

}  // namespace

const Profile* Profiles(size_t* count) {
  *count = table.count;
  return table.rows;
}

const Profile& ProfileAt(size_t index) {
  WR_CHECK(index < table.count);
  return table.rows[index];
}

const Profile* FindProfile(const char* name) {
  for (size_t i = 0; i < table.count; ++i) {
    if (std::strcmp(table.rows[i].name, name) == 0) return &table.rows[i];
  }
  return nullptr;
}

size_t IndexOf(const Profile& profile) {
  WR_CHECK(&profile >= table.rows && &profile < table.rows + table.count);
  return &profile - table.rows;
}

const Profile* AddProfile(const Profile& profile) {
  if (table.count != kBuiltInCount || FindProfile(profile.name) != nullptr) return nullptr;
  table.rows[table.count] = profile;
  return &table.rows[table.count++];
}

void RemoveAddedProfile() { table.count = kBuiltInCount; }

}  // namespace walkrace
