#include "paths/filemap.h"

#include "kernel/notes.h"
#include "kernel/page_ref.h"

// The slot may change between its load and the reference. A count of zero is frozen, and whoever
// froze it raises it again or empties the slot: the kernel spins, which a step bound would end.
struct folio* filemap_get_entry(unsigned long* slot) {
  for (;;) {
    const unsigned long pfn = READ_ONCE(*slot);
    if (pfn == 0) return nullptr;
    struct folio* folio = page_folio(pfn_to_page(pfn));
    if (!folio_ref_try_add_rcu(folio, 1)) {
      wr_wait_change(slot, pfn, (const uint64_t*)&folio->page._refcount.counter, 0, WR_HERE);
      continue;
    }
    if (READ_ONCE(*slot) == pfn) return folio;
    folio_put(folio);
  }
}

struct folio* filemap_get_or_add(struct address_space* mapping, unsigned long index) {
  unsigned long* slot = &mapping->i_pages[index];
  struct folio* folio = filemap_get_entry(slot);
  if (folio != nullptr) return folio;
  struct folio* added = folio_alloc(0);
  if (added == nullptr) return nullptr;
  folio_get(added);  // the page cache's reference
  wr_page_set_mapping(&added->page, WR_FILE_MAPPING, index);
  if (cmpxchg(slot, 0ul, folio_pfn(added)) == 0) {
    SetPageLRU(&added->page);
    return added;
  }
  wr_page_set_mapping(&added->page, 0, 0);
  folio_put_refs(added, 2);
  return filemap_get_entry(slot);
}
