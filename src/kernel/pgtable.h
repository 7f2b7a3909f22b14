// Page-table entries: values, tests and the walk (arch/x86/include/asm/pgtable.h,
// include/linux/pgtable.h, v6.1). The bits are x86-64's; profiles differ in how entries are
// cleared and flushed (kernel/tlb.h), not in their bits. Folding: with four levels
// the p4d is the pgd entry itself, with three the pud is as well.
#ifndef WALKRACE_KERNEL_PGTABLE_H_
#define WALKRACE_KERNEL_PGTABLE_H_

#include "kernel/entry_bits.h"
#include "kernel/mm_types.h"
#include "kernel/rwonce.h"

#ifdef __cplusplus
extern "C" {
#endif

// Implemented by src/machine. No events: address arithmetic.
bool pgtable_l5_enabled(void);
bool pgtable_pud_folded(void);  // three levels
// An mm says how many levels it has, and one kernel walks them all (s390): the size of what an
// entry maps is of five levels at each of them. Elsewhere a level that is folded has one entry.
bool pgtable_folds_at_run_time(void);
// What stands on the stack `n` entries behind a copy of one.
const unsigned long* wr_behind_local(unsigned n);
struct wr_table* wr_pfn_to_table(unsigned long pfn);  // a harmless empty table for a wild pfn
unsigned long wr_table_to_pfn(const struct wr_table* table);

// An entry as a walker without the table's lock reads it: at once, or where the profile's entries
// are two words low half, high half, and low half again until it is the same. `once`: the low half
// is not read again.
unsigned long wr_entry_get_lockless(const void* entry, bool pmd, bool once,
                                    const struct wr_site* site);

#ifdef __cplusplus
}
#endif

#define pte_val(x) ((x).pte)
#define pmd_val(x) ((x).pmd)
#define pud_val(x) ((x).pud)
#define p4d_val(x) ((x).p4d)
#define pgd_val(x) ((x).pgd)

static inline pte_t __pte(unsigned long val) {
  pte_t pte = {val};
  return pte;
}
static inline pmd_t __pmd(unsigned long val) {
  pmd_t pmd = {val};
  return pmd;
}

static inline bool pte_none(pte_t pte) { return pte_val(pte) == 0; }
static inline bool pte_present(pte_t pte) {
  return (pte_val(pte) & (_PAGE_PRESENT | _PAGE_PROTNONE)) != 0;
}
static inline bool pte_write(pte_t pte) { return (pte_val(pte) & _PAGE_RW) != 0; }
static inline bool pte_young(pte_t pte) { return (pte_val(pte) & _PAGE_ACCESSED) != 0; }
static inline bool pte_special(pte_t pte) { return (pte_val(pte) & _PAGE_SPECIAL) != 0; }
static inline bool pte_protnone(pte_t pte) {
  return (pte_val(pte) & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE;
}
static inline unsigned long pte_pfn(pte_t pte) { return wr_pfn_of(pte_val(pte)); }
static inline pte_t pte_mkwrite(pte_t pte) { return __pte(pte_val(pte) | _PAGE_RW); }
static inline pte_t pte_mkdirty(pte_t pte) { return __pte(pte_val(pte) | _PAGE_DIRTY); }
static inline pte_t pfn_pte(unsigned long pfn) {
  return __pte(wr_pfn_bits(pfn) | _PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED);
}
static inline pte_t pte_wrprotect(pte_t pte) { return __pte(pte_val(pte) & ~_PAGE_RW); }
static inline pte_t pte_mkold(pte_t pte) { return __pte(pte_val(pte) & ~_PAGE_ACCESSED); }
static inline pte_t pte_mkclean(pte_t pte) { return __pte(pte_val(pte) & ~_PAGE_DIRTY); }
static inline bool pte_dirty(pte_t pte) { return (pte_val(pte) & _PAGE_DIRTY) != 0; }
// PROT_NONE for NUMA hinting: the page stays, the hardware faults.
static inline pte_t pte_mkprotnone(pte_t pte) {
  return __pte((pte_val(pte) & ~_PAGE_PRESENT) | _PAGE_PROTNONE);
}
static inline pte_t pte_mkpresent(pte_t pte) {
  return __pte((pte_val(pte) & ~_PAGE_PROTNONE) | _PAGE_PRESENT);
}
static inline bool is_swap_pte(pte_t pte) { return !pte_none(pte) && !pte_present(pte); }
static inline bool is_migration_pte(pte_t pte) {
  return is_swap_pte(pte) && (pte_val(pte) & _PAGE_SWP_MIGRATION) != 0;
}
static inline pte_t make_migration_pte(unsigned long pfn, bool writable, bool exclusive) {
  return __pte(wr_pfn_bits(pfn) | _PAGE_SWP | _PAGE_SWP_MIGRATION | (writable ? _PAGE_RW : 0) |
               (exclusive ? _PAGE_SWP_EXCLUSIVE : 0));
}
static inline pte_t make_swap_pte(unsigned long slot, bool exclusive) {
  return __pte(wr_pfn_bits(slot) | _PAGE_SWP | (exclusive ? _PAGE_SWP_EXCLUSIVE : 0));
}
static inline bool pte_access_permitted(pte_t pte, bool write) {
  const unsigned long need = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);
  return (pte_val(pte) & need) == need;
}

// For a moment not for the hardware: s390 on the way to none.
static inline bool pte_invalid(pte_t pte) { return (pte_val(pte) & _PAGE_INVALID) != 0; }

static inline bool pmd_none(pmd_t pmd) { return pmd_val(pmd) == 0; }
static inline bool pmd_present(pmd_t pmd) {
  return (pmd_val(pmd) & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE)) != 0;
}
static inline bool pmd_trans_huge(pmd_t pmd) { return (pmd_val(pmd) & _PAGE_PSE) != 0; }
// The same, or under pmdp_invalidate: neither present nor protnone.
static inline bool pmd_invalid(pmd_t pmd) {
  return (pmd_val(pmd) & _PAGE_INVALID) != 0 ||
         (pmd_val(pmd) & (_PAGE_PRESENT | _PAGE_PROTNONE)) == 0;
}
static inline bool pmd_devmap(pmd_t pmd) { return (pmd_val(pmd) & _PAGE_DEVMAP) != 0; }
static inline pmd_t pmd_mkdevmap(pmd_t pmd) { return __pmd(pmd_val(pmd) | _PAGE_DEVMAP); }
static inline bool pmd_leaf(pmd_t pmd) { return pmd_trans_huge(pmd); }
static inline bool pmd_write(pmd_t pmd) { return (pmd_val(pmd) & _PAGE_RW) != 0; }
static inline bool pmd_protnone(pmd_t pmd) {
  return (pmd_val(pmd) & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE;
}
static inline unsigned long pmd_pfn(pmd_t pmd) { return wr_pfn_of(pmd_val(pmd)); }
static inline pmd_t pmd_mkwrite(pmd_t pmd) { return __pmd(pmd_val(pmd) | _PAGE_RW); }
static inline pmd_t pmd_mkdirty(pmd_t pmd) { return __pmd(pmd_val(pmd) | _PAGE_DIRTY); }
// mk_huge_pmd without the vma's rights: readable, not yet writable.
static inline pmd_t pfn_pmd_huge(unsigned long pfn) {
  return __pmd(wr_pfn_bits(pfn) | _PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_PSE);
}
static inline pmd_t pmd_wrprotect(pmd_t pmd) { return __pmd(pmd_val(pmd) & ~_PAGE_RW); }
static inline pmd_t pmd_mkprotnone(pmd_t pmd) {
  return __pmd((pmd_val(pmd) & ~_PAGE_PRESENT) | _PAGE_PROTNONE);
}
static inline pmd_t pmd_mkpresent(pmd_t pmd) {
  return __pmd((pmd_val(pmd) & ~_PAGE_PROTNONE) | _PAGE_PRESENT);
}
static inline bool pmd_dirty(pmd_t pmd) { return (pmd_val(pmd) & _PAGE_DIRTY) != 0; }
static inline bool pmd_young(pmd_t pmd) { return (pmd_val(pmd) & _PAGE_ACCESSED) != 0; }
static inline pmd_t pmd_mkold(pmd_t pmd) { return __pmd(pmd_val(pmd) & ~_PAGE_ACCESSED); }
static inline pmd_t pmd_mkclean(pmd_t pmd) { return __pmd(pmd_val(pmd) & ~_PAGE_DIRTY); }
// What is neither none nor a table nor huge: a migration entry, nothing else.
static inline bool is_swap_pmd(pmd_t pmd) { return !pmd_none(pmd) && !pmd_present(pmd); }
static inline bool is_pmd_migration_entry(pmd_t pmd) {
  return is_swap_pmd(pmd) && (pmd_val(pmd) & _PAGE_SWP_MIGRATION) != 0;
}
// is_swap_pmd() || pmd_trans_huge(): what __pmd_trans_huge_lock() locks (6.18 has this name for
// it).
static inline bool pmd_is_huge(pmd_t pmd) {
  return pmd_trans_huge(pmd) || is_pmd_migration_entry(pmd);
}
static inline bool pmd_swp_exclusive(pmd_t pmd) {
  return (pmd_val(pmd) & _PAGE_SWP_EXCLUSIVE) != 0;
}
static inline pmd_t make_migration_pmd(unsigned long pfn, bool writable, bool exclusive) {
  return __pmd(pte_val(make_migration_pte(pfn, writable, exclusive)));
}
static inline bool pmd_access_permitted(pmd_t pmd, bool write) {
  const unsigned long need = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);
  return (pmd_val(pmd) & need) == need;
}
static inline pgtable_t pmd_pgtable(pmd_t pmd) { return wr_pfn_to_table(pmd_pfn(pmd)); }

static inline bool pud_none(pud_t pud) { return pud_val(pud) == 0; }
static inline bool pud_present(pud_t pud) { return (pud_val(pud) & _PAGE_PRESENT) != 0; }
static inline bool pud_leaf(pud_t pud) { return (pud_val(pud) & _PAGE_PSE) != 0; }
static inline bool pud_write(pud_t pud) { return (pud_val(pud) & _PAGE_RW) != 0; }
static inline unsigned long pud_pfn(pud_t pud) { return wr_pfn_of(pud_val(pud)); }
static inline bool pud_access_permitted(pud_t pud, bool write) {
  const unsigned long need = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);
  return (pud_val(pud) & need) == need;
}
// A level that is folded is never none: its entry is tested as what it is.
static inline bool pgd_none(pgd_t pgd) { return pgtable_l5_enabled() && pgd_val(pgd) == 0; }
static inline bool p4d_none(p4d_t p4d) { return !pgtable_pud_folded() && p4d_val(p4d) == 0; }

#define WR_INDEX(addr, shift) (((addr) >> (shift)) & (PTRS_PER_PTE - 1))
#define pte_index(addr) WR_INDEX(addr, PAGE_SHIFT)
#define pmd_index(addr) WR_INDEX(addr, PMD_SHIFT)
#define pud_index(addr) WR_INDEX(addr, PUD_SHIFT)
#define p4d_index(addr) WR_INDEX(addr, P4D_SHIFT)

#define WR_PGDIR_SHIFT_OF_5 (P4D_SHIFT + WR_LEVEL_SHIFT)
static inline unsigned wr_top_shift(void) {
  if (pgtable_l5_enabled()) return WR_PGDIR_SHIFT_OF_5;
  return pgtable_pud_folded() ? PUD_SHIFT : P4D_SHIFT;
}
static inline unsigned pgdir_shift(void) {
  return pgtable_folds_at_run_time() ? WR_PGDIR_SHIFT_OF_5 : wr_top_shift();
}
#define PGDIR_SIZE (1ul << pgdir_shift())
#define PGDIR_MASK (~(PGDIR_SIZE - 1))
#define pgd_index(addr) WR_INDEX(addr, wr_top_shift())
#define pgd_offset(mm, addr) ((mm)->pgd + pgd_index(addr))

// The child from the value that was read, never from the entry again: the entry may have changed.
static inline p4d_t* p4d_offset_lockless(pgd_t* pgdp, pgd_t pgd, unsigned long addr) {
  if (!pgtable_l5_enabled()) return (p4d_t*)pgdp;
  return (p4d_t*)wr_pfn_to_table(wr_pfn_of(pgd_val(pgd))) + p4d_index(addr);
}
static inline pud_t* pud_offset_lockless(p4d_t* p4dp, p4d_t p4d, unsigned long addr) {
  if (pgtable_pud_folded()) return (pud_t*)p4dp;
  return (pud_t*)wr_pfn_to_table(wr_pfn_of(p4d_val(p4d))) + pud_index(addr);
}
static inline pmd_t* pmd_offset_lockless(pud_t* pudp, pud_t pud, unsigned long addr) {
  (void)pudp;
  return (pmd_t*)wr_pfn_to_table(wr_pfn_of(pud_val(pud))) + pmd_index(addr);
}
// pte_offset_map of a pmd value.
static inline pte_t* pte_offset_kernel(pmd_t pmd, unsigned long addr) {
  return (pte_t*)wr_pfn_to_table(pmd_pfn(pmd)) + pte_index(addr);
}

#define WR_ADDR_END(addr, end, size)                                                         \
  ((((addr) + (size)) & ~((size) - 1)) - 1 < (end) - 1 ? (((addr) + (size)) & ~((size) - 1)) \
                                                       : (end))
#define pgd_addr_end(addr, end) WR_ADDR_END(addr, end, PGDIR_SIZE)
#define p4d_addr_end(addr, end) WR_ADDR_END(addr, end, P4D_SIZE)
#define pud_addr_end(addr, end) WR_ADDR_END(addr, end, PUD_SIZE)
#define pmd_addr_end(addr, end) WR_ADDR_END(addr, end, PMD_SIZE)

// Accesses to entries. One event each.
#define WR_ENTRY_READ(x) WR_LOAD(x, WR_RELAXED, WR_ENTRY)
#define pgdp_get(pgdp) WR_ENTRY_READ(*(pgdp))
#define p4dp_get(p4dp) WR_ENTRY_READ(*(p4dp))
#define pudp_get(pudp) WR_ENTRY_READ(*(pudp))
#define pmdp_get(pmdp) WR_ENTRY_READ(*(pmdp))
#define ptep_get(ptep) WR_ENTRY_READ(*(ptep))
#define ptep_get_lockless(ptep) __pte(wr_entry_get_lockless((ptep), false, false, WR_HERE))
#define pmdp_get_lockless(pmdp) __pmd(wr_entry_get_lockless((pmdp), true, false, WR_HERE))
// Without GUP_GET_PXX_LOW_HIGH: READ_ONCE of two words is two loads.
#define ptep_get_halves(ptep) __pte(wr_entry_get_lockless((ptep), false, true, WR_HERE))
#define pmdp_get_halves(pmdp) __pmd(wr_entry_get_lockless((pmdp), true, true, WR_HERE))

// Under the table's lock the kernel reads entries with a plain C access.
#define pte_read_locked(ptep) WR_LOAD(*(ptep), WR_PLAIN, WR_ENTRY)
#define pmd_read_locked(pmdp) WR_LOAD(*(pmdp), WR_PLAIN, WR_ENTRY)

#define WR_SET_ENTRY(p, value) wr_store((p), sizeof(*(p)), (value), WR_RELAXED, WR_ENTRY, WR_HERE)
#define set_pte_at(mm, addr, ptep, value) \
  ((void)(mm), (void)(addr), WR_SET_ENTRY(ptep, pte_val(value)))
#define set_pmd_at(mm, addr, pmdp, value) \
  ((void)(mm), (void)(addr), WR_SET_ENTRY(pmdp, pmd_val(value)))
// pte_clear: a store of none; nothing is returned and nothing is flushed.
#define pte_clear(mm, addr, ptep) ((void)(mm), (void)(addr), WR_SET_ENTRY(ptep, 0))

#endif  // WALKRACE_KERNEL_PGTABLE_H_
