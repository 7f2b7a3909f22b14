// Hugetlb's entries: see hugetlb.h. Mirrors huge_pte_offset(), set_huge_pte_at(),
// huge_ptep_get_and_clear() and huge_ptep_clear_flush(), arch/arm64/mm/hugetlbpage.c, v6.1. Leaves
// out: CONT-PMD size; the break before make of set_huge_pte_at(), since no entry that is
// present is overwritten here but by itself with more rights.
#include "paths/hugetlb.h"

namespace {

unsigned long num_contig_ptes() {
  return wr_hugetlb_size() == WR_HUGETLB_CONT_PTE ? PTRS_PER_PTE : 1;
}

}  // namespace

pud_t* mm_find_pud(struct mm_struct* mm, unsigned long address) {
  pgd_t* pgdp = pgd_offset(mm, address);
  pgd_t pgd = {0};
  if (pgtable_l5_enabled()) pgd = pgdp_get(pgdp);
  p4d_t* p4dp = p4d_offset_lockless(pgdp, pgd, address);
  return pud_offset_lockless(p4dp, p4dp_get(p4dp), address);
}

struct huge_walk huge_pte_walk(struct mm_struct* mm, unsigned long address) {
  pud_t* pudp = mm_find_pud(mm, address);
  const pud_t pud = pudp_get(pudp);
  if (wr_hugetlb_size() == WR_HUGETLB_PUD) return {pudp, pud, (pte_t*)pudp};
  if (!pud_present(pud)) return {pudp, pud, nullptr};
  pmd_t* pmdp = pmd_offset_lockless(pudp, pud, address);
  if (wr_hugetlb_size() == WR_HUGETLB_PMD) return {pudp, pud, (pte_t*)pmdp};
  const pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd)) return {pudp, pud, nullptr};
  return {pudp, pud, pte_offset_kernel(pmd, address & HPAGE_PMD_MASK)};
}

pte_t make_huge_pte(unsigned long pfn, bool writable, bool dirty) {
  pte_t pte = pfn_pte(pfn);
  if (wr_hugetlb_size() != WR_HUGETLB_CONT_PTE) pte = __pte(pte_val(pte) | _PAGE_PSE);
  if (writable) pte = pte_mkwrite(pte);
  return dirty ? pte_mkdirty(pte) : pte;
}

void set_huge_pte_at(struct mm_struct* mm, unsigned long address, pte_t* ptep, pte_t pte) {
  const unsigned long pfn = pte_pfn(pte);
  const unsigned long bits = pte_val(pte) & ~wr_pfn_bits(pfn);
  for (unsigned long i = 0; i < num_contig_ptes(); ++i) {
    set_pte_at(mm, address, ptep + i, __pte(bits | wr_pfn_bits(pfn + i)));
  }
}

pte_t huge_ptep_get_and_clear(struct mm_struct* mm, unsigned long address, pte_t* ptep) {
  pte_t first = ptep_get_and_clear(mm, address, ptep);
  for (unsigned long i = 1; i < num_contig_ptes(); ++i) {
    if (pte_dirty(ptep_get_and_clear(mm, address, ptep + i))) first = pte_mkdirty(first);
  }
  return first;
}

pte_t huge_ptep_clear_flush(struct vm_area_struct* vma, unsigned long address, pte_t* ptep) {
  const pte_t pte = huge_ptep_get_and_clear(vma->vm_mm, address, ptep);
  wr_flush_tlb_range(vma->vm_mm, address, address + HPAGE_PMD_SIZE);
  return pte;
}
