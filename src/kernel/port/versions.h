// What the port itself writes differently for different versions of Linux. What decides is what
// the tree has (features.txt), not its number. Compiled with the tree's headers.
#ifndef WALKRACE_KERNEL_PORT_VERSIONS_H_
#define WALKRACE_KERNEL_PORT_VERSIONS_H_

#include <linux/mm.h>

static inline void* wr_table_lock(struct page* table) {
#ifdef WR_TREE_HAS_PTDESC
  return &page_ptdesc(table)->ptl;
#else
  return &table->ptl;
#endif
}

static inline void wr_set_order(struct folio* folio, unsigned order) {
#ifdef WR_TREE_HAS_ORDER_IN_FLAGS
  folio->_flags_1 |= order;
  folio->_folio_nr_pages = 1u << order;
#else
  set_compound_order((struct page*)folio, order);
#endif
}

static inline void* wr_entire_mapcount(struct folio* folio) {
#ifdef WR_TREE_HAS_LARGE_MAPCOUNT
  return &folio->_entire_mapcount;
#else
  return compound_mapcount_ptr((struct page*)folio);
#endif
}

// Null where all mappings of a large folio are summed up.
static inline void* wr_large_mapcount(struct folio* folio) {
#ifdef WR_TREE_HAS_LARGE_MAPCOUNT
  return &folio->_large_mapcount;
#else
  return (void*)0;
#endif
}

// What an isolation returns where it did isolate.
#ifdef WR_TREE_HAS_ISOLATE_IS_BOOL
typedef bool wr_isolated;
#define WR_ISOLATED true
#define WR_NOT_ISOLATED false
#else
typedef int wr_isolated;
#define WR_ISOLATED 0
#define WR_NOT_ISOLATED (-EBUSY)
#endif

// The allocator's names.
#ifdef WR_TREE_HAS_NOPROF
#define WR_ALLOC_PAGES __alloc_pages_noprof
#define WR_FOLIO_ALLOC __folio_alloc_noprof
#else
#define WR_ALLOC_PAGES __alloc_pages
#define WR_FOLIO_ALLOC __folio_alloc
#endif

#ifdef WR_TREE_HAS_NOTIFIER_ONLY_END
#define WR_NOTIFIER_END_PARAMETERS struct mmu_notifier_range *range, bool only_end
#else
#define WR_NOTIFIER_END_PARAMETERS struct mmu_notifier_range* range
#endif

// What mmu_gather hands on for each page that it lets go: the page, with a bit where the next one
// says how many references are meant.
#ifdef WR_TREE_HAS_ENCODED_PAGE
typedef struct encoded_page* wr_batched;
#define wr_page_of_batched(batched) encoded_page_ptr(batched)
#else
typedef struct page* wr_batched;
#define wr_page_of_batched(batched) (batched)
#endif
#ifdef WR_TREE_HAS_ENCODED_NR_PAGES
#define wr_batched_has_count(batched) \
  ((encoded_page_flags(batched) & ENCODED_PAGE_BIT_NR_PAGES_NEXT) != 0)
#define wr_batched_count(batched) encoded_nr_pages(batched)
#else
#define wr_batched_has_count(batched) 0
#define wr_batched_count(batched) 1
#endif

#endif  // WALKRACE_KERNEL_PORT_VERSIONS_H_
