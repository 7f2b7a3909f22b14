#include "paths/filemap.h"

#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/swap.h"

// Mirrors filemap_get_entry(): the slot may change between its load and the reference. Deviation:
// where the count is frozen the kernel tries again and again; here it waits for the lock under
// which counts are frozen.
struct folio* filemap_get_folio(struct address_space* mapping, unsigned long index) {
  unsigned long* slot = &mapping->i_pages[index];
  for (;;) {
    const unsigned long pfn = READ_ONCE(*slot);
    if (pfn == 0) return nullptr;
    struct folio* folio = page_folio(pfn_to_page(pfn));
    if (!folio_ref_try_add_rcu(folio, 1)) {
      spin_lock(&mapping->i_pages_lock);
      spin_unlock(&mapping->i_pages_lock);
      continue;
    }
    if (READ_ONCE(*slot) == pfn) return folio;
    folio_put(folio);
  }
}

struct folio* filemap_lock_folio(struct address_space* mapping, unsigned long index) {
  for (;;) {
    struct folio* folio = filemap_get_folio(mapping, index);
    if (folio == nullptr) return nullptr;
    lock_page(&folio->page);
    if (READ_ONCE(folio->page.mapping) == mapping->mapping) return folio;
    unlock_page(&folio->page);
    folio_put(folio);
  }
}

namespace {

// Returns whether the place was empty, and is the page's now. What was written out is back in one
// step with that: the kernel keeps the page locked until it is read.
bool add_to_page_cache(struct address_space* mapping, struct page* page, unsigned long index) {
  unsigned long* slot = &mapping->i_pages[index];
  const bool takes_lock = wr_file_collapse_begun();
  bool added = false;
  if (takes_lock) {
    spin_lock(&mapping->i_pages_lock);
    added = READ_ONCE(*slot) == 0;
    if (added) WRITE_ONCE(*slot, page_to_pfn(page));
  } else {
    added = cmpxchg(slot, 0ul, page_to_pfn(page)) == 0;
  }
  if (added) wr_file_read_in(page, index);
  if (takes_lock) spin_unlock(&mapping->i_pages_lock);
  return added;
}

}  // namespace

struct folio* filemap_get_or_add(struct address_space* mapping, unsigned long index) {
  for (;;) {
    struct folio* folio = filemap_get_folio(mapping, index);
    if (folio != nullptr) return folio;
    struct folio* added = folio_alloc(0);
    if (added == nullptr) return nullptr;
    folio_get(added);  // the page cache's reference
    wr_page_set_mapping(&added->page, mapping->mapping, index);
    if (add_to_page_cache(mapping, &added->page, index)) {
      if (mapping != wr_secretmem_file()) SetPageLRU(&added->page);  // else in a folio batch
      return added;
    }
    wr_page_set_mapping(&added->page, 0, 0);
    folio_put_refs(added, 2);
  }
}
