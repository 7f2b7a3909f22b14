// Frames, folios, their counts and flags (include/linux/{mm.h,page_ref.h,page-flags.h}, v6.1).
#ifndef WALKRACE_KERNEL_PAGE_REF_H_
#define WALKRACE_KERNEL_PAGE_REF_H_

#include "kernel/mm_types.h"
#include "kernel/rwonce.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GUP_PIN_COUNTING_BIAS 1024
#define FOLL_WRITE 0x01u
#define FOLL_GET 0x04u
#define FOLL_LONGTERM 0x10000u
#define FOLL_PIN 0x40000u

// Implemented by src/machine. No events: address arithmetic.
struct page* pfn_to_page(unsigned long pfn);
unsigned long page_to_pfn(const struct page* page);
bool pfn_valid(unsigned long pfn);

// Returns a folio of 1 << order pages with one reference and zeroed content, or null. Freed
// folios are reused last in, first out.
struct folio* wr_folio_alloc(unsigned order, const struct wr_site* site);
// The last reference is gone: the folio goes back to the allocator.
void wr_folio_free(struct folio* folio, const struct wr_site* site);
// Copies the content of a base page to a page that nobody else knows yet: one event, the load.
void wr_copy_user_highpage(struct page* to, const struct page* from, const struct wr_site* site);
// A file's page goes to its place on disk (one event, the load), and comes from there to a page
// that nobody else looks at yet.
void wr_file_write_out(const struct page* page, unsigned long index, const struct wr_site* site);
void wr_file_read_in(struct page* page, unsigned long index);
// Whether a slot of the file without a page is one of a page that was written out, and no hole: in
// the kernel the slot itself says so. No event.
bool wr_file_is_out(unsigned long index);
void wr_file_forget(unsigned long index);  // it is a hole from then on
// Zeroes a base page: one event, the store.
void wr_clear_user_highpage(struct page* page, const struct wr_site* site);
// page->mapping and page->index of a page that nobody else knows yet; with PAGE_MAPPING_ANON the
// page is exclusive. No events.
void wr_page_set_mapping(struct page* page, unsigned long mapping, unsigned long index);
// The folio of a page that one maps or holds a reference on: it cannot be split off meanwhile, and
// no event is made of it.
struct folio* wr_folio_of_held(const struct page* page);
// What a base page holds, to compare it: one event, the load.
uint64_t wr_page_content(const struct page* page, const struct wr_site* site);
// The same for a page that takes `from`'s place in its rmap, with the flags that go with it: not
// exclusive until it is mapped so. REQUIRES: both are heads of folios of one size; `from` is locked
// and isolated. No events.
void wr_page_move_mapping(struct page* to, const struct page* from);
// A mapping by a pmd was added to or taken from what the page's mapcount says: kept beside it. No
// event.
void wr_huge_rmap(struct page* page, int change);
// Number of base pages. Fixed while the folio is allocated, but for a split.
unsigned long folio_nr_pages(const struct folio* folio);

#ifdef __cplusplus
}
#endif

#define folio_alloc(order) wr_folio_alloc((order), WR_HERE)
#define clear_user_highpage(page) wr_clear_user_highpage((page), WR_HERE)
#define copy_user_highpage(to, from) wr_copy_user_highpage((to), (from), WR_HERE)

#define folio_page(f, n) (&(f)->page + (n))
#define folio_pfn(f) page_to_pfn(&(f)->page)

// Unstable without a reference: the page may be split off or freed and reused meanwhile.
#define page_folio(p)                                                      \
  __extension__({                                                          \
    const unsigned long wr_head = READ_ONCE((p)->compound_head);           \
    (struct folio*)((wr_head & 1) != 0 ? pfn_to_page(wr_head >> 1) : (p)); \
  })

// A folio's own kind does not change while one holds a reference: no event.
static inline bool folio_test_large(const struct folio* folio) { return folio_nr_pages(folio) > 1; }

// The kernel's counts are 32 bits wide, and one of 2^31 or more is negative. Here a count wraps at
// 2^13, so that what the kernel's limit is for can be met: the fifth pin of a page is refused, the
// eighth would wrap to zero. Deviation: memory holds the count without the wrap; what the code
// under test reads of it, and when it takes it for zero, goes by these.
#define WR_REFCOUNT_BITS 13
static inline int64_t wr_ref_value(int64_t count) {
  const int64_t range = 1ll << WR_REFCOUNT_BITS;
  const int64_t low = count & (range - 1);
  return low < range / 2 ? low : low - range;
}
#define folio_ref_count(f) wr_ref_value(atomic_read(&(f)->page._refcount))
#define page_count(p) atomic_read(&(p)->_refcount)
#define folio_ref_add(f, n) atomic_add((n), &(f)->page._refcount)
#define folio_get(f) folio_ref_add(f, 1)
// Full barrier where it succeeds.
#define folio_ref_try_add_rcu(f, n) atomic_add_unless(&(f)->page._refcount, (n), 0)
// The same without any ordering: no kernel has it.
#define folio_ref_try_add_relaxed(f, n) \
  WR_ADD_UNLESS_VALUE(&(f)->page._refcount, (n), 0, WR_RELAXED)
#define folio_pincount_ptr(f) (&(f)->page._pincount)
#define folio_put_refs(f, n)                                                \
  do {                                                                      \
    struct folio* wr_put = (f);                                             \
    if (wr_ref_value(atomic_sub_return((n), &wr_put->page._refcount)) == 0) \
      wr_folio_free(wr_put, WR_HERE);                                       \
  } while (0)
#define folio_put(f) folio_put_refs(f, 1)

#define page_mapcount(p) atomic_read(&(p)->_mapcount)
#define page_add_rmap(p) atomic_inc(&(p)->_mapcount)
#define page_add_new_anon_rmap(p, vma, address)                                       \
  do {                                                                                \
    wr_page_set_mapping((p), PAGE_MAPPING_ANON, linear_page_index((vma), (address))); \
    page_add_rmap(p);                                                                 \
  } while (0)
#define page_add_new_anon_huge_rmap(p, vma, address) \
  do {                                               \
    page_add_new_anon_rmap((p), (vma), (address));   \
    wr_huge_rmap((p), 1);                            \
  } while (0)
#define page_remove_rmap(p) atomic_dec(&(p)->_mapcount)
// The same of the mapping by a pmd.
#define page_add_huge_rmap(p) (page_add_rmap(p), wr_huge_rmap((p), 1))
#define page_remove_huge_rmap(p) (page_remove_rmap(p), wr_huge_rmap((p), -1))

// Atomic flag bits: a value-returning test-and-x is fully ordered.
#define WR_TEST_AND(kind, operand, p) \
  wr_rmw(&(p)->flags, sizeof((p)->flags), kind, (operand), 0, WR_FULL, WR_DATA, 0, WR_HERE)
#define trylock_page(p) ((WR_TEST_AND(WR_OR, 1ul << PG_locked, p) & 1ul << PG_locked) == 0)
#define unlock_page(p)                                                                       \
  ((void)wr_rmw(&(p)->flags, sizeof((p)->flags), WR_AND, ~(1ul << PG_locked), 0, WR_RELEASE, \
                WR_DATA, 0, WR_HERE))
#define TestClearPageLRU(p) ((WR_TEST_AND(WR_AND, ~(1ul << PG_lru), p) & 1ul << PG_lru) != 0)
#define PageAnon(p) ((READ_ONCE((p)->mapping) & PAGE_MAPPING_ANON) != 0)
#define PageAnonExclusive(p) ((READ_ONCE((p)->flags) & 1ul << PG_anon_exclusive) != 0)
// As PageAnonExclusive() and PageDirty(), of a page that was known when this CPU had made `loads`
// loads.
#define WR_TEST_FLAG_AFTER(bit, p, loads)                                                   \
  ((wr_load_after(&(p)->flags, sizeof((p)->flags), WR_RELAXED, WR_DATA, (loads), WR_HERE) & \
    1ul << (bit)) != 0)
#define PageAnonExclusive_after(p, loads) WR_TEST_FLAG_AFTER(PG_anon_exclusive, p, loads)
#define PageDirty_after(p, loads) WR_TEST_FLAG_AFTER(PG_dirty, p, loads)
#define SetPageAnonExclusive(p)                                                                  \
  ((void)wr_rmw(&(p)->flags, sizeof((p)->flags), WR_OR, 1ul << PG_anon_exclusive, 0, WR_RELAXED, \
                WR_DATA, 0, WR_HERE))
#define ClearPageAnonExclusive(p)                                                        \
  ((void)wr_rmw(&(p)->flags, sizeof((p)->flags), WR_AND, ~(1ul << PG_anon_exclusive), 0, \
                WR_RELAXED, WR_DATA, 0, WR_HERE))
#define SetPageLRU(p)                                                                             \
  ((void)wr_rmw(&(p)->flags, sizeof((p)->flags), WR_OR, 1ul << PG_lru, 0, WR_RELAXED, WR_DATA, 0, \
                WR_HERE))

#define WR_SET_FLAG(bit, p)                                                                      \
  ((void)wr_rmw(&(p)->flags, sizeof((p)->flags), WR_OR, 1ul << (bit), 0, WR_RELAXED, WR_DATA, 0, \
                WR_HERE))
#define WR_CLEAR_FLAG(bit, p)                                                                     \
  ((void)wr_rmw(&(p)->flags, sizeof((p)->flags), WR_AND, ~(1ul << (bit)), 0, WR_RELAXED, WR_DATA, \
                0, WR_HERE))
#define WR_TEST_FLAG(bit, p) ((READ_ONCE((p)->flags) & 1ul << (bit)) != 0)
#define PageLRU(p) WR_TEST_FLAG(PG_lru, p)
#define PageDirty(p) WR_TEST_FLAG(PG_dirty, p)
#define SetPageDirty(p) WR_SET_FLAG(PG_dirty, p)
#define ClearPageDirty(p) WR_CLEAR_FLAG(PG_dirty, p)
#define TestClearPageDirty(p) ((WR_TEST_AND(WR_AND, ~(1ul << PG_dirty), p) & 1ul << PG_dirty) != 0)
#define PageSwapBacked(p) WR_TEST_FLAG(PG_swapbacked, p)
#define SetPageSwapBacked(p) WR_SET_FLAG(PG_swapbacked, p)
#define ClearPageSwapBacked(p) WR_CLEAR_FLAG(PG_swapbacked, p)
#define PageSwapCache(p) WR_TEST_FLAG(PG_swapcache, p)
#define SetPageSwapCache(p) WR_SET_FLAG(PG_swapcache, p)
#define ClearPageSwapCache(p) WR_CLEAR_FLAG(PG_swapcache, p)
#define PageKsm(p) WR_TEST_FLAG(PG_ksm, p)
#define SetPageKsm(p) WR_SET_FLAG(PG_ksm, p)

// Sleeps until the page is not locked, without taking a reference (folio_wait_bit_common).
#define wait_on_page_locked(p) wr_wait_clear(&(p)->flags, 1ul << PG_locked, WR_HERE)
#define lock_page(p)                                                 \
  do {                                                               \
    struct page* wr_locked = (p);                                    \
    while (!trylock_page(wr_locked)) wait_on_page_locked(wr_locked); \
  } while (0)

// From `count` to zero: whoever froze it, and nobody else, raises it again. Full barrier.
#define page_ref_freeze(p, count)                                                          \
  ((int64_t)wr_rmw(&(p)->_refcount.counter, sizeof((p)->_refcount.counter), WR_CMPXCHG, 0, \
                   (uint64_t)(count), WR_FULL, WR_DATA, 0, WR_HERE) == (int64_t)(count))
#define page_ref_unfreeze(p, count)                                                                \
  wr_store(&(p)->_refcount.counter, sizeof((p)->_refcount.counter), (uint64_t)(count), WR_RELEASE, \
           WR_DATA, WR_HERE)
// Pins of base pages are a bias of the count: many references look like one.
#define page_maybe_dma_pinned(p) (page_count(p) >= GUP_PIN_COUNTING_BIAS)

#endif  // WALKRACE_KERNEL_PAGE_REF_H_
