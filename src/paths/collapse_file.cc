// Collapse of a file's memory into a huge page of the page cache. Mirrors collapse_file(),
// hpage_collapse_scan_file(), the file's half of madvise_collapse() and of
// khugepaged_scan_mm_slot() with khugepaged_collapse_pte_mapped_thps(), mm/khugepaged.c, v6.1, for
// shmem. What it does to page tables at its end: retract.cc. Leaves out: the first scan of the page
// cache (it only decides whether to try), PG_uptodate (the lock of the huge page stands for it; a
// small page has its content when it comes into the cache), memcg, what the filesystem charges for
// holes. Deviations: a slot is empty or has a page, and what was written out is asked for beside
// it; the huge page's mapping is emptied by WRITE_ONCE, where the kernel stores plainly.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/swap.h"
#include "paths/cuts.h"
#include "paths/filemap.h"
#include "paths/paths.h"
#include "paths/retract.h"
#include "paths/rmap.h"

namespace {

// A collapse under way.
struct file_collapse {
  struct address_space* mapping;
  struct folio* hpage;
  unsigned long start;               // of the file: the region's first page
  struct page* pages[HPAGE_PMD_NR];  // what was replaced: locked, frozen, isolated; null: a hole
  // For notes: where each of them was in the rmap when its count was compared.
  struct wr_rmap_addresses addresses[HPAGE_PMD_NR];
  unsigned long nr;                   // slots that have the huge page
  struct tlbflush_unmap_batch batch;  // what was unmapped and not flushed yet
};

bool is_empty(const struct file_collapse* c) {
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) {
    if (READ_ONCE(c->mapping->i_pages[c->start + i]) != 0 || wr_file_is_out(c->start + i)) {
      return false;
    }
  }
  return true;
}

void note_file_backed_off(unsigned long index, const struct wr_site* site) {
  wr_note(WR_NOTE_FILE_BACKED_OFF, nullptr, index, index + 1, site);
}

// REQUIRES: i_pages_lock is held.
void store_hpage(struct file_collapse* c, struct page* instead_of) {
  const unsigned long index = c->start + c->nr;
  wr_note(WR_NOTE_FILE_REPLACE_BEGIN, nullptr, index, index + 1, WR_HERE);
  WRITE_ONCE(c->mapping->i_pages[index], folio_pfn(c->hpage));
  c->pages[c->nr++] = instead_of;
}

// The page at the index, locked and with a reference. Drops i_pages_lock.
enum scan_result find_lock_page(struct address_space* mapping, unsigned long index,
                                struct page** page) {
  const unsigned long pfn = READ_ONCE(mapping->i_pages[index]);
  if (pfn == 0) {  // swapped out: shmem_get_folio()
    spin_unlock(&mapping->i_pages_lock);
    struct folio* folio = filemap_get_or_add(mapping, index);
    if (folio == nullptr) return SCAN_FAIL;
    *page = &folio->page;
    lock_page(*page);
    return SCAN_SUCCEED;
  }
  *page = pfn_to_page(pfn);
  const bool locked = trylock_page(*page);
  if (locked) folio_get((struct folio*)*page);
  spin_unlock(&mapping->i_pages_lock);
  return locked ? SCAN_SUCCEED : SCAN_PAGE_LOCK;
}

// Takes the page off the LRU list, with a reference, and unmaps it.
enum scan_result isolate_and_unmap(struct file_collapse* c, struct page* page) {
  struct folio* folio = (struct folio*)page;
  if (folio_test_large(folio)) return SCAN_PTE_MAPPED_HUGEPAGE;
  if (READ_ONCE(page->mapping) != c->mapping->mapping) return SCAN_TRUNCATED;
  if (!isolate_lru_page(page)) return SCAN_DEL_PAGE_LRU;
  if (page_mapcount(page) != 0) try_to_unmap(c->mapping, folio, &c->batch);
  return SCAN_SUCCEED;
}

// ORDER(B clear-then-count): every entry is clear, then the count is compared, and frozen with the
// same step; pairs with gup_pte_range()'s reference, then re-read. Where the flush is put off the
// clear itself is all that stands before the count: x86, whose clear is a full barrier.
// ORDER(AB freeze-then-replace): nobody can take a reference from the cache while its place
// changes; pairs with filemap_get_folio(). Without them a page is replaced under a reference, and
// what is written through that is lost.
bool freeze(struct page* page, struct wr_rmap_addresses* addresses) {
  // The caller's, the page cache's, and that of its isolation.
  constexpr int64_t kExpected = 3;
  *addresses = wr_rmap_addresses_of(page);
  if (is_cut("collapse-file-freeze")) return true;
  if (!page_ref_freeze(page, kExpected)) return false;
  note_for_addresses(WR_NOTE_COUNT_CHECK, page, WR_COUNTS_ANY, addresses, WR_HERE);
  return true;
}

// Puts the huge page into one slot. REQUIRES: i_pages_lock is held; it is dropped where this fails.
enum scan_result replace_page(struct file_collapse* c, unsigned long index) {
  struct address_space* mapping = c->mapping;
  if (READ_ONCE(mapping->i_pages[index]) == 0 && !wr_file_is_out(index)) {
    if (index == c->start && is_empty(c)) {
      spin_unlock(&mapping->i_pages_lock);
      return SCAN_TRUNCATED;
    }
    store_hpage(c, nullptr);
    return SCAN_SUCCEED;
  }
  struct page* page = nullptr;
  enum scan_result result = find_lock_page(mapping, index, &page);
  if (result != SCAN_SUCCEED) return result;
  result = isolate_and_unmap(c, page);
  if (result == SCAN_SUCCEED) {
    spin_lock(&mapping->i_pages_lock);
    if (freeze(page, &c->addresses[c->nr])) {
      store_hpage(c, page);
      return SCAN_SUCCEED;
    }
    spin_unlock(&mapping->i_pages_lock);
    putback_lru_page(page);
    result = SCAN_PAGE_COUNT;
  }
  unlock_page(page);
  folio_put((struct folio*)page);
  return result;
}

// Lets go of a page that the huge one has replaced.
void free_replaced(struct page* page) {
  const bool frozen = !is_cut("collapse-file-freeze");
  WRITE_ONCE(page->mapping, 0);
  if (frozen) page_ref_unfreeze(page, 1);
  unlock_page(page);
  folio_put_refs((struct folio*)page, frozen ? 1 : 3);
}

void copy_and_free(struct file_collapse* c) {
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) {
    struct page* page = c->pages[i];
    if (page == nullptr) continue;  // the huge page came zeroed
    copy_user_highpage(folio_page(c->hpage, i), page);
    note_for_addresses(WR_NOTE_PAGE_REPLACED, page, WR_COUNTS_ANY, &c->addresses[i], WR_HERE);
    free_replaced(page);
  }
}

// Puts back what was replaced, and holes where they were.
void roll_back(struct file_collapse* c) {
  struct address_space* mapping = c->mapping;
  spin_lock(&mapping->i_pages_lock);
  for (unsigned long i = 0; i < c->nr; ++i) {
    struct page* page = c->pages[i];
    unsigned long* slot = &mapping->i_pages[c->start + i];
    if (page == nullptr) {
      WRITE_ONCE(*slot, 0);
      note_file_backed_off(c->start + i, WR_HERE);
      continue;
    }
    // The page cache's, and that of its isolation.
    if (is_cut("collapse-file-freeze")) {
      folio_put((struct folio*)page);
    } else {
      page_ref_unfreeze(page, 2);
    }
    if (!is_cut("collapse-file-rollback")) WRITE_ONCE(*slot, page_to_pfn(page));
    note_file_backed_off(c->start + i, WR_HERE);
    spin_unlock(&mapping->i_pages_lock);
    unlock_page(page);
    putback_lru_page(page);
    spin_lock(&mapping->i_pages_lock);
  }
  spin_unlock(&mapping->i_pages_lock);
}

// Returns whether the huge page is in the cache.
enum scan_result replace_pages(struct file_collapse* c) {
  enum scan_result result = SCAN_SUCCEED;
  spin_lock(&c->mapping->i_pages_lock);
  while (result == SCAN_SUCCEED && c->nr < HPAGE_PMD_NR) result = replace_page(c, c->start + c->nr);
  if (result == SCAN_SUCCEED) spin_unlock(&c->mapping->i_pages_lock);
  return result;
}

enum scan_result collapse_file(struct mm_struct* mm, unsigned long addr,
                               struct address_space* mapping, unsigned long start,
                               const struct collapse_control* cc) {
  struct folio* hpage = folio_alloc(HPAGE_PMD_ORDER);
  if (hpage == nullptr) return SCAN_ALLOC_HUGE_PAGE_FAIL;
  struct file_collapse c = {mapping, hpage, start, {}, {}, 0, {{nullptr, nullptr}, false}};
  // ORDER(CA content-then-unlock): the huge page is locked from before it is in the cache until it
  // has its content; pairs with do_shared_fault(), which maps it under its lock. Without it a page
  // that shows zero is mapped.
  (void)trylock_page(&hpage->page);  // nobody else knows it
  wr_page_set_mapping(&hpage->page, mapping->mapping, start);
  enum scan_result result = replace_pages(&c);
  // ORDER(G clear-flush-free): what was unmapped is flushed before it is copied. Without it a CPU
  // writes to the old page after its copy.
  if (!is_cut("collapse-file-flush")) try_to_unmap_flush(&c.batch);
  if (result == SCAN_SUCCEED) {
    copy_and_free(&c);
    folio_ref_add(hpage, HPAGE_PMD_NR - 1);  // the page cache's; one was the caller's
    SetPageDirty(&hpage->page);
    SetPageLRU(&hpage->page);
    result = retract_page_tables(mapping, start, mm, addr, hpage, cc);
    unlock_page(&hpage->page);
  } else {
    roll_back(&c);
    WRITE_ONCE(hpage->page.mapping, 0);
    unlock_page(&hpage->page);
    folio_put(hpage);
  }
  wr_note(WR_NOTE_MUTATOR_END, nullptr, addr, addr + HPAGE_PMD_SIZE, WR_HERE);
  return result;
}

}  // namespace

enum scan_result hpage_collapse_scan_file(struct mm_struct* mm, unsigned long address,
                                          const struct collapse_control* cc) {
  mmap_read_lock(mm);  // hugepage_vma_revalidate()
  const struct vm_area_struct* vma = find_vma(mm, address);
  struct address_space* mapping = vma->vm_file;
  const unsigned long pgoff = linear_page_index(vma, address);
  mmap_read_unlock(mm);
  if (mapping != wr_file()) return SCAN_VMA_CHECK;
  return collapse_file(mm, address, mapping, pgoff, cc);
}

// MADV_COLLAPSE: what could not be mapped at once is mapped under mmap_lock.
void madvise_collapse_file(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                           unsigned /*flags*/) {
  wr_begin_file_collapse();
  const struct collapse_control cc = {false};
  if (hpage_collapse_scan_file(mm, start, &cc) != SCAN_PTE_MAPPED_HUGEPAGE) return;
  mmap_write_lock(mm);
  (void)collapse_pte_mapped_thp(mm, start, true);
  mmap_write_unlock(mm);
}

// The same of khugepaged, which maps nothing, but makes way for the next fault.
void khugepaged_collapse_file(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                              unsigned /*flags*/) {
  wr_begin_file_collapse();
  const struct collapse_control cc = {true};
  if (hpage_collapse_scan_file(mm, start, &cc) != SCAN_PTE_MAPPED_HUGEPAGE) return;
  if (!mmap_write_trylock(mm)) return;
  (void)collapse_pte_mapped_thp(mm, start, false);
  mmap_write_unlock(mm);
}
