// Page tables come from the machine, and go back to it; upper ones are always there.
#ifndef WALKRACE_ASM_PGALLOC_H
#define WALKRACE_ASM_PGALLOC_H
#include <linux/mm.h>
#include <asm/tlb.h>
static inline pgtable_t pte_alloc_one(struct mm_struct* mm) {
  const unsigned long pfn = wr_port_table_alloc();
  return pfn == 0 ? (pgtable_t)0 : pfn_to_page(pfn);
}
static inline void pte_free(struct mm_struct* mm, pgtable_t table) {
  wr_port_table_free(page_to_pfn(table));
}
static inline void pmd_populate(struct mm_struct* mm, pmd_t* p, pgtable_t table) {
  set_pmd(p, __pmd(wr_pfn_bits(page_to_pfn(table)) | _PAGE_TABLE));
}
static inline void pmd_populate_kernel(struct mm_struct* mm, pmd_t* p, pte_t* table) {
  wr_port_unmodelled("pmd_populate_kernel");
}
static inline pte_t* pte_alloc_one_kernel(struct mm_struct* mm) {
  wr_port_unmodelled("pte_alloc_one_kernel");
}
static inline void pte_free_kernel(struct mm_struct* mm, pte_t* table) {
  wr_port_unmodelled("pte_free_kernel");
}
static inline pmd_t* pmd_alloc_one(struct mm_struct* mm, unsigned long addr) {
  wr_port_unmodelled("pmd_alloc_one");
}
static inline void pmd_free(struct mm_struct* mm, pmd_t* table) { wr_port_unmodelled("pmd_free"); }
static inline pud_t* pud_alloc_one(struct mm_struct* mm, unsigned long addr) {
  wr_port_unmodelled("pud_alloc_one");
}
static inline void pud_free(struct mm_struct* mm, pud_t* table) { wr_port_unmodelled("pud_free"); }
static inline void pud_populate(struct mm_struct* mm, pud_t* p, pmd_t* table) {
  wr_port_unmodelled("pud_populate");
}
static inline void p4d_populate(struct mm_struct* mm, p4d_t* p, pud_t* table) {
  wr_port_unmodelled("p4d_populate");
}
static inline pgd_t* pgd_alloc(struct mm_struct* mm) { wr_port_unmodelled("pgd_alloc"); }
static inline void pgd_free(struct mm_struct* mm, pgd_t* table) { wr_port_unmodelled("pgd_free"); }
#define __pte_free_tlb(tlb, table, addr) tlb_remove_table((tlb), (table))
#define __pmd_free_tlb(tlb, table, addr) wr_port_unmodelled("__pmd_free_tlb")
#define __pud_free_tlb(tlb, table, addr) wr_port_unmodelled("__pud_free_tlb")
#endif
