// Clearing entries and flushing TLBs, as the architecture profile has it. Declared here,
// implemented by src/machine. Sources: include/asm-generic/{pgtable,tlb}.h, mm/mmu_gather.c,
// mm/pgtable-generic.c and the arch/ code of each profile, v6.1.
#ifndef WALKRACE_KERNEL_TLB_H_
#define WALKRACE_KERNEL_TLB_H_

#include "kernel/mm_types.h"
#include "kernel/pgtable.h"

#ifdef __cplusplus
extern "C" {
#endif

// Get-and-clear by the profile's knob: one exchange, or a load and a store.
pte_t wr_ptep_get_and_clear(pte_t* ptep, const struct wr_site* site);
pmd_t wr_pmdp_huge_get_and_clear(pmd_t* pmdp, const struct wr_site* site);

// Clears the pmd and flushes the region, so that nobody walks the table by hardware any more.
// Whether lockless software walkers are waited for is the profile's to say.
// `invalidate`: false leaves every TLB entry in place; interrupts still happen.
pmd_t wr_pmdp_collapse_flush(struct vm_area_struct* vma, unsigned long address, pmd_t* pmdp,
                             bool invalidate);

// The same, but the clear is a plain C load and a plain C store, as in the generic fallback.
pmd_t wr_pmdp_collapse_flush_plain(struct vm_area_struct* vma, unsigned long address, pmd_t* pmdp);
// Makes a huge pmd invalid for everybody, and flushes it: software still sees that it is huge.
// Returns what it was. `flush`: false leaves every TLB alone.
pmd_t wr_pmdp_invalidate(struct vm_area_struct* vma, unsigned long address, pmd_t* pmdp,
                         bool flush);

void wr_flush_tlb_range(struct mm_struct* mm, unsigned long start, unsigned long end);

// CONFIG_ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH.
bool wr_batches_unmap_flush(void);
// What flushes of this machine leave out from now on: WR_TLB_*. REQUIRES: no run is under way.
#define WR_TLB_LAZY_CPUS 1u   // pmdp_collapse_flush leaves CPUs with a lazy TLB alone
#define WR_TLB_TRIM_CHECK 2u  // who trims an mm_cpumask clears it whole, whoever is in it by now
// pmdp_collapse_flush clears as generic code does, by a load and a store, where the architecture
// (s390) does it in two steps.
#define WR_TLB_TWO_STEP_CLEAR 4u
// The clear of an entry and its flush order nothing, but for the interrupts that they send.
#define WR_TLB_CLEAR_BARRIER 8u
void wr_tlb_leave_out(unsigned parts);
// The running CPU's own translations of the mm go.
void wr_flush_tlb_own(struct mm_struct* mm, const struct wr_site* site);
// The hardware of the running CPU walks ahead of its program, in two steps: the pmd, which it
// remembers until a flush of the region reaches the CPU, then the pte. Nothing is accessed.
void wr_speculative_walk(unsigned long address, const struct wr_site* site);

// Waits for every walker that has interrupts off, where tables are freed by RCU; else nothing.
void tlb_remove_table_sync_one(void);

// How a table that a flush has made unreachable is freed: walkrace::TableFree.
enum wr_table_free { WR_TABLES_AT_ONCE, WR_TABLES_RCU, WR_TABLES_IPI };
enum wr_table_free wr_table_free(void);

// Page tables. Null when there is none left. pte_free frees at once, never by RCU.
pgtable_t wr_pte_alloc_one(const struct wr_site* site);
void wr_pte_free(pgtable_t pgtable, const struct wr_site* site);
// Whether mremap may move a whole page table.
bool arch_supports_page_table_move(void);

// Pmd tables of regions with a pud entry of their own (hugetlb).
pgtable_t wr_pmd_alloc_one(const struct wr_site* site);
void wr_pmd_free(pgtable_t pgtable, const struct wr_site* site);
spinlock_t* pte_lockptr(struct mm_struct* mm, pmd_t pmd);
// Of a hugetlb entry of PMD size the lock of the table that it stands in: the same for all mms that
// share it. Of any other size mm->page_table_lock, whatever table it stands in.
spinlock_t* huge_pte_lockptr(struct mm_struct* mm, const pte_t* ptep);
spinlock_t* pmd_lockptr(struct mm_struct* mm);

// Whether a huge pmd of a file has a table waiting behind it, as one of anonymous memory has.
bool arch_needs_pgtable_deposit(void);

// The table that waits behind a huge pmd. REQUIRES: the pmd lock is held.
void wr_pgtable_trans_huge_deposit(struct mm_struct* mm, pmd_t* pmdp, pgtable_t pgtable,
                                   const struct wr_site* site);
pgtable_t wr_pgtable_trans_huge_withdraw(struct mm_struct* mm, pmd_t* pmdp,
                                         const struct wr_site* site);

#ifdef __cplusplus
}
#endif

#define ptep_get_and_clear(mm, addr, ptep) \
  ((void)(mm), (void)(addr), wr_ptep_get_and_clear((ptep), WR_HERE))
#define pmdp_huge_get_and_clear(mm, addr, pmdp) \
  ((void)(mm), (void)(addr), wr_pmdp_huge_get_and_clear((pmdp), WR_HERE))
// Under the table's lock, and flushed before it returns. Deviation: the kernel flushes only where
// the entry was accessible (D5); every entry that a path here clears so is.
#define ptep_clear_flush(vma, addr, ptep)                                                   \
  __extension__({                                                                           \
    const pte_t wr_cleared = wr_ptep_get_and_clear((ptep), WR_HERE);                        \
    wr_flush_tlb_range((vma)->vm_mm, (addr) & PAGE_MASK, ((addr) & PAGE_MASK) + PAGE_SIZE); \
    wr_cleared;                                                                             \
  })
#define pte_alloc_one(mm) wr_pte_alloc_one(WR_HERE)
#define pte_free(mm, pgtable) ((void)(mm), wr_pte_free((pgtable), WR_HERE))
#define pgtable_trans_huge_deposit(mm, pmdp, pgtable) \
  wr_pgtable_trans_huge_deposit((mm), (pmdp), (pgtable), WR_HERE)
#define pgtable_trans_huge_withdraw(mm, pmdp) wr_pgtable_trans_huge_withdraw((mm), (pmdp), WR_HERE)

// Publishes a table: the entry store comes after the stores that filled the table.
#define pmd_populate(mm, pmdp, pgtable)                                      \
  do {                                                                       \
    (void)(mm);                                                              \
    smp_wmb();                                                               \
    WR_SET_ENTRY(pmdp, wr_pfn_bits(wr_table_to_pfn(pgtable)) | _PAGE_TABLE); \
  } while (0)

#define pud_populate(mm, pudp, pgtable)                                      \
  do {                                                                       \
    (void)(mm);                                                              \
    smp_wmb();                                                               \
    WR_SET_ENTRY(pudp, wr_pfn_bits(wr_table_to_pfn(pgtable)) | _PAGE_TABLE); \
  } while (0)

#endif  // WALKRACE_KERNEL_TLB_H_
