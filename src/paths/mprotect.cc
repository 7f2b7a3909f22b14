// Changes of protection: mprotect and NUMA hinting. Mirrors change_protection(),
// change_pmd_range(), change_pte_range(), can_change_pte_writable(), mm/mprotect.c,
// change_huge_pmd(), mm/huge_memory.c, and change_prot_numa(), mm/mempolicy.c, v6.1. The fault that
// takes a hint back: numa_fault.cc.
// Deviations: the vma's own right is not kept: a write after mprotect without `write` faults and
// gets the right back, as if the program had asked for it; and part of a huge page is left alone,
// not split.
#include "kernel/mm.h"
#include "kernel/tlb.h"
#include "paths/cow.h"
#include "paths/secondary_mmu.h"
#include "paths/swap.h"

namespace {

enum protection { PROTECT_READ, PROTECT_WRITE, PROTECT_NUMA };

bool can_change_pte_writable(struct vm_area_struct* vma, pte_t pte) {
  if (pte_protnone(pte)) return false;
  return vma->vm_file != nullptr || PageAnonExclusive(pfn_to_page(pte_pfn(pte)));
}

// What an ordinary protection gives: a hint of NUMA is taken back by it.
pte_t pte_modify(struct vm_area_struct* vma, pte_t old_pte, enum protection to) {
  switch (to) {
    case PROTECT_NUMA:
      return pte_mkprotnone(old_pte);  // keeps the write bit: pte_mk_savedwrite
    case PROTECT_READ:
      return pte_wrprotect(pte_mkpresent(old_pte));
    default:
      break;
  }
  const pte_t present = pte_mkpresent(old_pte);
  if (pte_write(present) || !can_change_pte_writable(vma, present)) return present;
  return pte_mkwrite(present);
}

// Shared copy-on-write pages stay where they are.
bool skips_numa_hint(struct vm_area_struct* vma, pte_t pte) {
  if (pte_protnone(pte) || pte_special(pte)) return true;
  return vma->vm_file == nullptr && page_count(pfn_to_page(pte_pfn(pte))) != 1;
}

// A page that migrates comes back without the right to write, whatever is asked for.
void change_migration_entry(struct mm_struct* mm, unsigned long addr, pte_t* pte, pte_t oldpte) {
  if (!wr_reclaim_begun() || !is_migration_pte(oldpte) || !pte_write(oldpte)) return;
  set_pte_at(mm, addr, pte, make_migration_pte(pte_pfn(oldpte), false, pte_swp_exclusive(oldpte)));
}

// Returns whether something changed.
bool change_pte_range(struct vm_area_struct* vma, pmd_t pmd, unsigned long addr, unsigned long end,
                      enum protection to) {
  struct mm_struct* mm = vma->vm_mm;
  spinlock_t* ptl = pte_lockptr(mm, pmd);
  pte_t* pte = pte_offset_kernel(pmd, addr);
  bool changed = false;
  spin_lock(ptl);
  flush_tlb_batched_pending(mm);
  for (; addr != end; addr += PAGE_SIZE, ++pte) {
    const pte_t oldpte = pte_read_locked(pte);
    if (!pte_present(oldpte)) {
      change_migration_entry(mm, addr, pte, oldpte);
      continue;
    }
    if (to == PROTECT_NUMA && skips_numa_hint(vma, oldpte)) continue;
    // ptep_modify_prot_start and _commit: none in between, so that the hardware's bits are not
    // lost.
    const pte_t old_pte = ptep_get_and_clear(mm, addr, pte);
    set_pte_at(mm, addr, pte, pte_modify(vma, old_pte, to));
    changed = true;
  }
  spin_unlock(ptl);
  return changed;
}

pmd_t pmd_modify(pmd_t pmd, enum protection to) {
  if (to == PROTECT_NUMA) return pmd_mkprotnone(pmd);
  if (to == PROTECT_READ) return pmd_wrprotect(pmd_mkpresent(pmd));
  return pmd_mkpresent(pmd);
}

// As change_migration_entry().
void change_pmd_migration_entry(struct mm_struct* mm, unsigned long addr, pmd_t* pmdp, pmd_t pmd) {
  if (!pmd_write(pmd)) return;
  set_pmd_at(mm, addr, pmdp, make_migration_pmd(pmd_pfn(pmd), false, pmd_swp_exclusive(pmd)));
}

// Returns false where the pmd is not huge.
bool change_huge_pmd(struct vm_area_struct* vma, pmd_t* pmdp, unsigned long addr,
                     enum protection to, bool* changed) {
  struct mm_struct* mm = vma->vm_mm;
  spinlock_t* ptl = pmd_lockptr(mm);
  spin_lock(ptl);
  const pmd_t pmd = pmd_read_locked(pmdp);
  const bool migrates = is_pmd_migration_entry(pmd);
  const bool huge = pmd_is_huge(pmd);
  if (migrates) {
    change_pmd_migration_entry(mm, addr, pmdp, pmd);
  } else if (huge && !(to == PROTECT_NUMA && pmd_protnone(pmd))) {
    // pmdp_invalidate_ad.
    // ORDER(AG never-none): what stays mapped is never none, however short; pairs with
    // zap_pmd_range(), which looks at the pmd without its lock, under mmap_lock for reading as NUMA
    // hinting is. Without it MADV_DONTNEED skips the page, and what was discarded comes back.
    if (to == PROTECT_NUMA && is_cut("numa-pmd-invalid")) {
      (void)pmdp_huge_get_and_clear(mm, addr, pmdp);
    } else {
      (void)wr_rmw(pmdp, sizeof(*pmdp), WR_AND, ~(_PAGE_PRESENT | _PAGE_PROTNONE), 0, WR_FULL,
                   WR_ENTRY, nullptr, WR_HERE);
    }
    set_pmd_at(mm, addr, pmdp, pmd_modify(pmd, to));
    *changed = true;
  }
  spin_unlock(ptl);
  return huge;
}

// Returns whether something changed.
bool change_pmd_range(struct vm_area_struct* vma, unsigned long addr, unsigned long end,
                      enum protection to) {
  pmd_t* pmdp = mm_find_pmd(vma->vm_mm, addr);
  bool changed = false;
  if (pmdp == nullptr) return changed;
  unsigned long next;
  do {
    next = pmd_addr_end(addr, end);
    pmd_t pmd = pmdp_get(pmdp);
    if (pmd_is_huge(pmd)) {
      if (next - addr != HPAGE_PMD_SIZE) continue;
      if (change_huge_pmd(vma, pmdp, addr, to, &changed)) continue;
      pmd = pmdp_get(pmdp);
    }
    if (!pmd_present(pmd) || pmd_trans_huge(pmd)) continue;
    changed |= change_pte_range(vma, pmd, addr, next, to);
  } while (++pmdp, addr = next, addr != end);
  return changed;
}

// REQUIRES: mmap_lock is held: for writing, but for PROTECT_NUMA.
void change_protection(struct mm_struct* mm, unsigned long start, unsigned long end,
                       enum protection to) {
  for (struct vm_area_struct* vma = wr_next_vma(mm, nullptr); vma != nullptr;
       vma = wr_next_vma(mm, vma)) {
    const unsigned long first = start > vma->vm_start ? start : vma->vm_start;
    const unsigned long last = end < vma->vm_end ? end : vma->vm_end;
    if (first >= last) continue;
    mmu_notifier_invalidate_range_start(mm, first, last);
    if (change_pmd_range(vma, first, last, to) && !is_cut("mprotect-flush")) {
      wr_flush_tlb_range(mm, first, last);
    }
    mmu_notifier_invalidate_range_end(mm, first, last);
  }
}

}  // namespace

void mprotect_range(struct mm_struct* mm, unsigned long start, unsigned long end, unsigned flags) {
  mmap_write_lock(mm);
  change_protection(mm, start, end, (flags & FOLL_WRITE) != 0 ? PROTECT_WRITE : PROTECT_READ);
  mmap_write_unlock(mm);
}

void task_numa_work(struct mm_struct* mm, unsigned long start, unsigned long end,
                    unsigned /*flags*/) {
  mmap_read_lock(mm);
  change_protection(mm, start, end, PROTECT_NUMA);
  mmap_read_unlock(mm);
}
