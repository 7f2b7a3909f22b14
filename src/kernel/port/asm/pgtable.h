// Page tables of eight entries a level, four levels (the p4d folded). Entries stand in the
// machine's tables and have its bits (kernel/entry_bits.h). How one is read, cleared and flushed is
// the profile's, chosen at run time: machine/tlb.cc.
#ifndef WALKRACE_ASM_PGTABLE_H
#define WALKRACE_ASM_PGTABLE_H
#include <asm/page.h>
#include "../../entry_bits.h"

#define PGDIR_SHIFT 21
#define PUD_SHIFT 18
#define PMD_SHIFT 15
#include <asm-generic/pgtable-nop4d.h>

#define PTRS_PER_PTE 8
#define PTRS_PER_PMD 8
#define PTRS_PER_PUD 8
#define PTRS_PER_PGD 8
#define PGDIR_SIZE (1ul << PGDIR_SHIFT)
#define PGDIR_MASK (~(PGDIR_SIZE - 1))
#define PUD_SIZE (1ul << PUD_SHIFT)
#define PUD_MASK (~(PUD_SIZE - 1))
#define PMD_SIZE (1ul << PMD_SHIFT)
#define PMD_MASK (~(PMD_SIZE - 1))
#define USER_PTRS_PER_PGD PTRS_PER_PGD
#define FIRST_USER_ADDRESS 0ul
#define VMALLOC_START 0xffff000000000000ul
#define VMALLOC_END 0xffff800000000000ul
#define MODULES_VADDR VMALLOC_START
#define MODULES_END VMALLOC_END

#ifndef __ASSEMBLY__
#include <linux/mm_types.h>

#define PAGE_NONE __pgprot(_PAGE_PROTNONE)
#define PAGE_READONLY __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_SHARED __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_RW | _PAGE_ACCESSED)
#define PAGE_COPY PAGE_READONLY
#define PAGE_KERNEL PAGE_SHARED
#define PAGE_KERNEL_RO PAGE_READONLY
#define PAGE_KERNEL_EXEC PAGE_SHARED
#define pgprot_noncached(prot) (prot)
#define pgprot_writecombine(prot) (prot)
#define pgprot_device(prot) (prot)

extern pgd_t swapper_pg_dir[];
struct page* wr_zero_page(void);
#define ZERO_PAGE(vaddr) wr_zero_page()

#define WR_HAS(value, bits) (((value) & (bits)) != 0)
#define WR_WITH(type, e, bits) __##type(type##_val(e) | (bits))
#define WR_WITHOUT(type, e, bits) __##type(type##_val(e) & ~(bits))
#define WR_PRESENT (_PAGE_PRESENT | _PAGE_PROTNONE)

// What a store is to an entry: one marked event.
#define WR_SET(p, value) wr_port_store((p), sizeof(unsigned long), (value), WR_PORT_RELAXED)
#define WR_GET(p) wr_port_load((p), sizeof(unsigned long), WR_PORT_RELAXED)

// --- tests and values
// ------------------------------------------------------------------------------

#define WR_LEAF_FORMS(type)                                                                       \
  static inline int type##_write(type##_t e) { return WR_HAS(type##_val(e), _PAGE_RW); }          \
  static inline int type##_dirty(type##_t e) { return WR_HAS(type##_val(e), _PAGE_DIRTY); }       \
  static inline int type##_young(type##_t e) { return WR_HAS(type##_val(e), _PAGE_ACCESSED); }    \
  static inline int type##_protnone(type##_t e) {                                                 \
    return (type##_val(e) & WR_PRESENT) == _PAGE_PROTNONE;                                        \
  }                                                                                               \
  static inline type##_t type##_wrprotect(type##_t e) { return WR_WITHOUT(type, e, _PAGE_RW); }   \
  static inline type##_t type##_mkold(type##_t e) { return WR_WITHOUT(type, e, _PAGE_ACCESSED); } \
  static inline type##_t type##_mkyoung(type##_t e) { return WR_WITH(type, e, _PAGE_ACCESSED); }  \
  static inline type##_t type##_mkclean(type##_t e) { return WR_WITHOUT(type, e, _PAGE_DIRTY); }  \
  static inline type##_t type##_mkdirty(type##_t e) { return WR_WITH(type, e, _PAGE_DIRTY); }     \
  static inline unsigned long type##_pfn(type##_t e) { return wr_pfn_of(type##_val(e)); }         \
  static inline pgprot_t type##_pgprot(type##_t e) {                                              \
    return __pgprot(type##_val(e) & ~(wr_pfn_bits(~0ul >> 16)));                                  \
  }                                                                                               \
  static inline type##_t pfn_##type(unsigned long pfn, pgprot_t prot) {                           \
    return __##type(wr_pfn_bits(pfn) | pgprot_val(prot));                                         \
  }                                                                                               \
  static inline type##_t type##_modify(type##_t e, pgprot_t prot) {                               \
    const unsigned long kept =                                                                    \
        wr_pfn_bits(wr_pfn_of(type##_val(e))) |                                                   \
        (type##_val(e) & (_PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_PSE | _PAGE_SPECIAL));             \
    return __##type(kept | (pgprot_val(prot) & ~_PAGE_ACCESSED));                                 \
  }                                                                                               \
  static inline int type##_access_permitted(type##_t e, bool write) {                             \
    const unsigned long need = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);               \
    return (type##_val(e) & need) == need;                                                        \
  }
WR_LEAF_FORMS(pte)
WR_LEAF_FORMS(pmd)
#define pte_access_permitted pte_access_permitted
#define pmd_access_permitted pmd_access_permitted
#define pmd_write pmd_write
#define pmd_young pmd_young
#define pmd_dirty pmd_dirty
#define pmd_pgprot pmd_pgprot
#define pte_pgprot pte_pgprot

static inline int pte_none(pte_t e) { return pte_val(e) == 0; }
static inline int pte_present(pte_t e) { return WR_HAS(pte_val(e), WR_PRESENT); }
#define pte_accessible(mm, e) ((void)(mm), WR_HAS(pte_val(e), _PAGE_PRESENT))
static inline int pte_special(pte_t e) { return WR_HAS(pte_val(e), _PAGE_SPECIAL); }
static inline pte_t pte_mkspecial(pte_t e) { return WR_WITH(pte, e, _PAGE_SPECIAL); }
static inline pte_t pte_mkwrite_novma(pte_t e) { return WR_WITH(pte, e, _PAGE_RW); }
#define pte_page(e) pfn_to_page(pte_pfn(e))
#define mk_pte(page, prot) pfn_pte(page_to_pfn(page), (prot))
#define pte_same(a, b) (pte_val(a) == pte_val(b))
#define __HAVE_ARCH_PTE_SAME
#define pte_swp_exclusive(e) WR_HAS(pte_val(e), _PAGE_SWP_EXCLUSIVE)
#define pte_swp_mkexclusive(e) WR_WITH(pte, e, _PAGE_SWP_EXCLUSIVE)
#define pte_swp_clear_exclusive(e) WR_WITHOUT(pte, e, _PAGE_SWP_EXCLUSIVE)
#define __HAVE_ARCH_PTE_SWP_EXCLUSIVE

static inline int pmd_none(pmd_t e) { return pmd_val(e) == 0; }
static inline int pmd_present(pmd_t e) { return WR_HAS(pmd_val(e), WR_PRESENT | _PAGE_PSE); }
static inline int pmd_bad(pmd_t e) {
  return (pmd_val(e) & (_PAGE_TABLE | _PAGE_PSE)) != _PAGE_TABLE;
}
static inline int pmd_leaf(pmd_t e) { return WR_HAS(pmd_val(e), _PAGE_PSE); }
static inline int pmd_trans_huge(pmd_t e) { return pmd_leaf(e); }
#define pmd_leaf pmd_leaf
#define pmd_large pmd_leaf
static inline pmd_t pmd_mkwrite_novma(pmd_t e) { return WR_WITH(pmd, e, _PAGE_RW); }
#ifndef WR_TREE_HAS_PTE_MKWRITE_NOVMA
#define pte_mkwrite(e) pte_mkwrite_novma(e)
#define pmd_mkwrite(e) pmd_mkwrite_novma(e)
#else
struct vm_area_struct;
pmd_t pmd_mkwrite(pmd_t e, struct vm_area_struct* vma);
#endif
static inline pmd_t pmd_mkhuge(pmd_t e) { return WR_WITH(pmd, e, _PAGE_PSE); }
static inline pmd_t pmd_mkinvalid(pmd_t e) { return WR_WITHOUT(pmd, e, WR_PRESENT); }
#define pmd_mkinvalid pmd_mkinvalid
#define pmd_page(e) pfn_to_page(pmd_pfn(e))
#define pmd_pgtable(e) pmd_page(e)
#define mk_pmd(page, prot) pfn_pmd(page_to_pfn(page), (prot))
static inline unsigned long pmd_page_vaddr(pmd_t e) { return wr_port_table_address(pmd_pfn(e)); }
#define has_transparent_hugepage() 1

static inline int pud_none(pud_t e) { return pud_val(e) == 0; }
static inline int pud_present(pud_t e) { return WR_HAS(pud_val(e), _PAGE_PRESENT); }
static inline int pud_bad(pud_t e) {
  return (pud_val(e) & (_PAGE_TABLE | _PAGE_PSE)) != _PAGE_TABLE;
}
static inline int pud_leaf(pud_t e) { return WR_HAS(pud_val(e), _PAGE_PSE); }
#define pud_leaf pud_leaf
static inline int pud_write(pud_t e) { return WR_HAS(pud_val(e), _PAGE_RW); }
#define pud_write pud_write
static inline int pud_access_permitted(pud_t e, bool write) {
  const unsigned long need = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);
  return (pud_val(e) & need) == need;
}
#define pud_access_permitted pud_access_permitted
static inline unsigned long pud_pfn(pud_t e) { return wr_pfn_of(pud_val(e)); }
#define pud_pfn pud_pfn
#define pud_page(e) pfn_to_page(pud_pfn(e))
static inline pmd_t* pud_pgtable(pud_t e) { return (pmd_t*)wr_port_table_address(pud_pfn(e)); }

static inline int pgd_none_of(pgd_t e) { return pgd_val(e) == 0; }
static inline int p4d_none(p4d_t e) { return pgd_val(e.pgd) == 0; }
static inline int p4d_present(p4d_t e) { return WR_HAS(pgd_val(e.pgd), _PAGE_PRESENT); }
static inline int p4d_bad(p4d_t e) { return (pgd_val(e.pgd) & _PAGE_TABLE) != _PAGE_TABLE; }
static inline unsigned long p4d_pfn(p4d_t e) { return wr_pfn_of(pgd_val(e.pgd)); }
#define p4d_page(e) pfn_to_page(p4d_pfn(e))
static inline pud_t* p4d_pgtable(p4d_t e) { return (pud_t*)wr_port_table_address(p4d_pfn(e)); }
#define pgd_page(e) pfn_to_page(wr_pfn_of(pgd_val(e)))

// --- accesses
// --------------------------------------------------------------------------------------

static inline void set_pte(pte_t* p, pte_t e) { WR_SET(p, pte_val(e)); }
#define set_pte_at(mm, addr, p, e) set_pte((p), (e))
#define set_ptes(mm, addr, p, e, nr) wr_set_ptes((p), (e), (nr))
static inline void wr_set_ptes(pte_t* p, pte_t e, unsigned nr) {
  unsigned long pfn = pte_pfn(e);
  for (; nr != 0; --nr, ++p, ++pfn) {
    set_pte(p, __pte((pte_val(e) & ~wr_pfn_bits(pte_pfn(e))) | wr_pfn_bits(pfn)));
  }
}
static inline void set_pmd(pmd_t* p, pmd_t e) { WR_SET(p, pmd_val(e)); }
#define set_pmd_at(mm, addr, p, e) set_pmd((p), (e))
static inline void set_pud(pud_t* p, pud_t e) { WR_SET(p, pud_val(e)); }
static inline void set_p4d(p4d_t* p, p4d_t e) { WR_SET(p, pgd_val(e.pgd)); }
static inline void pte_clear(struct mm_struct* mm, unsigned long addr, pte_t* p) { WR_SET(p, 0ul); }
static inline void pmd_clear(pmd_t* p) { WR_SET(p, 0ul); }
static inline void pud_clear(pud_t* p) { WR_SET(p, 0ul); }
static inline void p4d_clear(p4d_t* p) { WR_SET(p, 0ul); }

#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct* mm, unsigned long addr, pte_t* p) {
  return __pte(wr_port_entry_get_and_clear(p));
}
#define __HAVE_ARCH_PMDP_HUGE_GET_AND_CLEAR
static inline pmd_t pmdp_huge_get_and_clear(struct mm_struct* mm, unsigned long addr, pmd_t* p) {
  return __pmd(wr_port_entry_get_and_clear(p));
}
#define __HAVE_ARCH_PTEP_SET_WRPROTECT
static inline void ptep_set_wrprotect(struct mm_struct* mm, unsigned long addr, pte_t* p) {
  (void)wr_port_rmw(p, sizeof(*p), WR_PORT_AND, ~_PAGE_RW, 0, WR_PORT_RELAXED);
}
#define __HAVE_ARCH_PMDP_SET_WRPROTECT
static inline void pmdp_set_wrprotect(struct mm_struct* mm, unsigned long addr, pmd_t* p) {
  (void)wr_port_rmw(p, sizeof(*p), WR_PORT_AND, ~_PAGE_RW, 0, WR_PORT_RELAXED);
}
#define __HAVE_ARCH_PMDP_INVALIDATE
static inline pmd_t pmdp_invalidate(struct vm_area_struct* vma, unsigned long addr, pmd_t* p) {
  return __pmd(wr_port_pmdp_invalidate(p, addr));
}
#define pmdp_invalidate_ad pmdp_invalidate
#define __HAVE_ARCH_PMDP_INVALIDATE_AD
#define pmdp_establish pmdp_establish
static inline pmd_t pmdp_establish(struct vm_area_struct* vma, unsigned long addr, pmd_t* p,
                                   pmd_t e) {
  return __pmd(wr_port_rmw(p, sizeof(*p), WR_PORT_XCHG, pmd_val(e), 0, WR_PORT_FULL));
}
#define pmdp_collapse_flush pmdp_collapse_flush
static inline pmd_t pmdp_collapse_flush(struct vm_area_struct* vma, unsigned long addr, pmd_t* p) {
  return __pmd(wr_port_collapse_flush(p, addr));
}
#define __HAVE_ARCH_PGTABLE_DEPOSIT
static inline void pgtable_trans_huge_deposit(struct mm_struct* mm, pmd_t* p, pgtable_t table) {
  wr_port_deposit(p, page_to_pfn(table));
}
#define __HAVE_ARCH_PGTABLE_WITHDRAW
static inline pgtable_t pgtable_trans_huge_withdraw(struct mm_struct* mm, pmd_t* p) {
  const unsigned long pfn = wr_port_withdraw(p);
  return pfn == 0 ? (pgtable_t)0 : pfn_to_page(pfn);
}

#define pte_ERROR(e) wr_port_unmodelled("pte_ERROR")
#define pmd_ERROR(e) wr_port_unmodelled("pmd_ERROR")
#define pud_ERROR(e) wr_port_unmodelled("pud_ERROR")
#define p4d_ERROR(e) wr_port_unmodelled("p4d_ERROR")
#define pgd_ERROR(e) wr_port_unmodelled("pgd_ERROR")

// --- entries that are not present
// ------------------------------------------------------------------

// A swap entry of the tree has a type and an offset; of the machine's, a migration entry has the
// page's right in a bit of its own. Types of migration follow the files' (one of them).
swp_entry_t wr_swp_entry(unsigned long value);
unsigned long wr_swp_value(swp_entry_t entry);
#define __swp_type(e) ((e).val >> 58)
#define __swp_offset(e) ((e).val & ((1ul << 58) - 1))
#define __swp_entry(type, offset) ((swp_entry_t){(unsigned long)(type) << 58 | (offset)})
#define __pte_to_swp_entry(e) wr_swp_entry(pte_val(e))
#define __swp_entry_to_pte(e) __pte(wr_swp_value(e))
#define __pmd_to_swp_entry(e) wr_swp_entry(pmd_val(e))
#define __swp_entry_to_pmd(e) __pmd(wr_swp_value(e))

#define update_mmu_cache(vma, addr, p) ((void)0)
#define update_mmu_cache_range(vmf, vma, addr, p, nr) ((void)0)
#define update_mmu_cache_pmd(vma, addr, p) ((void)0)
#define PFN_PTE_SHIFT PAGE_SHIFT  // of no use: set_ptes() is above
#define kern_addr_valid(addr) 1
#endif
#endif
