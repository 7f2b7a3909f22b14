// Pages and entry types. An entry is an array of one word: a macro can then tell the entry in
// memory from a value of it.
#ifndef WALKRACE_ASM_PAGE_H
#define WALKRACE_ASM_PAGE_H
#include <linux/const.h>
#include <linux/types.h>
#include "calls.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE (_AC(1, UL) << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#ifndef __ASSEMBLY__
typedef struct {
  unsigned long v[1];
} pte_t;
typedef struct {
  unsigned long v[1];
} pmd_t;
typedef struct {
  unsigned long v[1];
} pud_t;
typedef struct {
  unsigned long v[1];
} pgd_t;
typedef struct {
  unsigned long v[1];
} pgprot_t;
typedef struct page* pgtable_t;
#define pte_val(x) ((x).v[0])
#define pmd_val(x) ((x).v[0])
#define pud_val(x) ((x).v[0])
#define pgd_val(x) ((x).v[0])
#define pgprot_val(x) ((x).v[0])
#define __pte(x) ((pte_t){{(x)}})
#define __pmd(x) ((pmd_t){{(x)}})
#define __pud(x) ((pud_t){{(x)}})
#define __pgd(x) ((pgd_t){{(x)}})
#define __pgprot(x) ((pgprot_t){{(x)}})

// A page of the machine is eight bytes of content behind its frame number: what copies and clears
// them is an event of its own.
#define clear_page(page) wr_port_unmodelled("clear_page")
#define copy_page(to, from) wr_port_unmodelled("copy_page")
struct page;
void clear_user_page(void* address, unsigned long vaddr, struct page* page);
void copy_user_page(void* to, void* from, unsigned long vaddr, struct page* page);

#define ARCH_PFN_OFFSET 0ul
#define __va(x) ((void*)wr_port_table_address((unsigned long)(x) >> PAGE_SHIFT))
#define __pa(x) (wr_port_table_pfn((unsigned long)(x)) << PAGE_SHIFT)
#define virt_to_pfn(x) wr_port_table_pfn((unsigned long)(x))
#define pfn_to_virt(pfn) __va((unsigned long)(pfn) << PAGE_SHIFT)
#define virt_to_page(x) pfn_to_page(virt_to_pfn(x))
#define page_to_virt(page) __va(page_to_pfn(page) << PAGE_SHIFT)
#define page_to_phys(page) (page_to_pfn(page) << PAGE_SHIFT)
#define virt_addr_valid(x) 1
int pfn_valid(unsigned long pfn);
#define pfn_valid pfn_valid
#define PAGE_OFFSET 0ul
#define VM_DATA_DEFAULT_FLAGS VM_DATA_FLAGS_NON_EXEC
#include <asm-generic/memory_model.h>
#include <asm-generic/getorder.h>
#endif
#endif
