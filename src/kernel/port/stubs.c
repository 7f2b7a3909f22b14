// What stands for the rest of the kernel: locks that sleep, the allocator, the LRU lists, vma
// lookup, notifiers, RCU. Compiled with the tree's headers, never instrumented: what it does with
// shared memory it does by the tree's own atomics, which are events. Statistics and reclaim policy
// are left out. What is neither here nor in the tree's files that are built in ends the run when it
// is reached: build_tree.py makes these.
#include <linux/mmu_notifier.h>
#include <linux/pagemap.h>
#include <linux/percpu_counter.h>
#include <linux/pagevec.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/secretmem.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "internal.h"
#include "memory.h"
#include "versions.h"

// --- locks, RCU, interrupts
// ------------------------------------------------------------------------

void down_read(struct rw_semaphore* sem) {
  WR_PORT_FROM_CALLER();
  wr_port_read_lock(sem);
}
int down_read_killable(struct rw_semaphore* sem) {
  WR_PORT_FROM_CALLER();
  wr_port_read_lock(sem);
  return 0;
}
void up_read(struct rw_semaphore* sem) {
  WR_PORT_FROM_CALLER();
  wr_port_read_unlock(sem);
}
void down_write(struct rw_semaphore* sem) {
  WR_PORT_FROM_CALLER();
  wr_port_write_lock(sem);
}
int down_write_killable(struct rw_semaphore* sem) {
  WR_PORT_FROM_CALLER();
  wr_port_write_lock(sem);
  return 0;
}
int down_write_trylock(struct rw_semaphore* sem) {
  WR_PORT_FROM_CALLER();
  return wr_port_write_trylock(sem);
}
void up_write(struct rw_semaphore* sem) {
  WR_PORT_FROM_CALLER();
  wr_port_write_unlock(sem);
}

void __rcu_read_lock(void) {
  WR_PORT_FROM_CALLER();
  wr_port_rcu_read_lock();
}
void __rcu_read_unlock(void) {
  WR_PORT_FROM_CALLER();
  wr_port_rcu_read_unlock();
}
void call_rcu(struct rcu_head* head, rcu_callback_t callback) {
  WR_PORT_FROM_CALLER();
  wr_port_call_rcu((void (*)(void*))callback, head);
}

// Its one caller, tlb_remove_table_sync_one(), has nothing done there: the interrupt is what
// counts.
void smp_call_function(smp_call_func_t function, void* argument, int wait) {
  WR_PORT_FROM_CALLER();
  wr_port_ipi_all();
}

int __cond_resched(void) { return 0; }

// --- address spaces
// --------------------------------------------------------------------------------

struct mm_struct init_mm;

static struct vm_area_struct* first_vma_above(struct mm_struct* mm, unsigned long address) {
  for (unsigned i = 0; i < WR_VMAS; ++i) {
    struct vm_area_struct* vma = &wr_vmas_of(wr_number_of_mm(mm))[i];
    if (address < vma->vm_end) return vma;
  }
  return NULL;
}

struct vm_area_struct* find_vma(struct mm_struct* mm, unsigned long address) {
  return first_vma_above(mm, address);
}
struct vm_area_struct* find_vma_intersection(struct mm_struct* mm, unsigned long start,
                                             unsigned long end) {
  struct vm_area_struct* vma = first_vma_above(mm, start);
  return vma != NULL && end <= vma->vm_start ? NULL : vma;
}
// vma_lookup().
void* mtree_load(struct maple_tree* tree, unsigned long address) {
  struct mm_struct* mm = container_of(tree, struct mm_struct, mm_mt);
  struct vm_area_struct* vma = first_vma_above(mm, address);
  return vma != NULL && address < vma->vm_start ? NULL : vma;
}

bool vma_is_secretmem(struct vm_area_struct* vma) {
  return vma->vm_file == &wr_memory.files[WR_TREE_SECRETMEM];
}

bool vma_needs_dirty_tracking(struct vm_area_struct* vma) {
  return vma->vm_file == &wr_memory.files[WR_TREE_DIRTY_TRACKED];
}

vm_fault_t handle_mm_fault(struct vm_area_struct* vma, unsigned long address, unsigned int flags,
                           struct pt_regs* regs) {
  const unsigned how = ((flags & FAULT_FLAG_WRITE) != 0 ? WR_PORT_FAULT_WRITE : 0) |
                       ((flags & FAULT_FLAG_UNSHARE) != 0 ? WR_PORT_FAULT_UNSHARE : 0);
  return wr_port_fault(wr_number_of_mm(vma->vm_mm), address, how) != 0 ? VM_FAULT_OOM : 0;
}

int __mmu_notifier_invalidate_range_start(struct mmu_notifier_range* range) {
  wr_port_notifier_start(wr_number_of_mm(range->mm), range->start, range->end);
  return 0;
}
void __mmu_notifier_invalidate_range_end(WR_NOTIFIER_END_PARAMETERS) {
  wr_port_notifier_end(wr_number_of_mm(range->mm), range->start, range->end);
}
void __mmu_notifier_invalidate_range(struct mm_struct* mm, unsigned long start, unsigned long end) {
}
int __mmu_notifier_test_young(struct mm_struct* mm, unsigned long address) { return 0; }

// --- pages
// -----------------------------------------------------------------------------------------

struct pglist_data contig_page_data;
atomic_long_t _totalram_pages;

// The only pages that walkrace hands out: of the one node, with whatever mask.
static struct page* alloc(unsigned order) {
  const unsigned long pfn = wr_port_folio_alloc(order);
  if (pfn == 0) return NULL;
  struct page* page = pfn_to_page(pfn);
  page->private = 0;
  page->lru.next = page->lru.prev = &page->lru;
  return page;
}

struct page* WR_ALLOC_PAGES(gfp_t mask, unsigned order, int node, nodemask_t* nodes) {
  WR_PORT_FROM_CALLER();
  return alloc(order);
}
struct folio* WR_FOLIO_ALLOC(gfp_t mask, unsigned order, int node, nodemask_t* nodes) {
  WR_PORT_FROM_CALLER();
  return (struct folio*)alloc(order);
}
void __folio_put(struct folio* folio) { wr_port_folio_free(folio_pfn(folio)); }

// A page of the kernel's own, by address: none is left. The gathering of unmapped pages does with
// what it has on its stack then.
#ifdef WR_TREE_HAS_NOPROF
unsigned long get_free_pages_noprof(gfp_t mask, unsigned order) { return 0; }
#else
unsigned long __get_free_pages(gfp_t mask, unsigned order) { return 0; }
#endif
void free_pages(unsigned long address, unsigned order) { wr_port_unmodelled("free_pages"); }

void clear_user_page(void* address, unsigned long vaddr, struct page* page) {
  WR_PORT_FROM_CALLER();
  wr_port_clear_content(page_to_pfn(page));
}
void copy_user_page(void* to, void* from, unsigned long vaddr, struct page* page) {
  WR_PORT_FROM_CALLER();
  wr_port_copy_content(page_to_pfn(page), wr_port_table_pfn((unsigned long)from));
}

int pfn_valid(unsigned long pfn) { return pfn >= 1 && pfn < WR_PAGES; }
struct page* wr_zero_page(void) { return pfn_to_page(0); }

// A page that mm/swap.c gathers before it goes on a list is on it at once.
static void add_to_lru(struct folio* folio) { folio_set_lru(folio); }
void folio_add_lru_vma(struct folio* folio, struct vm_area_struct* vma) { add_to_lru(folio); }
void lru_cache_add_inactive_or_unevictable(struct page* page, struct vm_area_struct* vma) {
  add_to_lru(page_folio(page));
}
void lru_add_drain(void) {}
void lru_add_drain_all(void) {}

static bool isolate(struct folio* folio) {
  if (!folio_test_clear_lru(folio)) return false;
  folio_get(folio);
  return true;
}
static void putback(struct folio* folio) {
  folio_set_lru(folio);
  folio_put(folio);
}
wr_isolated folio_isolate_lru(struct folio* folio) {
  return isolate(folio) ? WR_ISOLATED : WR_NOT_ISOLATED;
}
#ifndef WR_TREE_HAS_ISOLATE_IS_BOOL
int isolate_lru_page(struct page* page) { return folio_isolate_lru(page_folio(page)); }
#endif
void putback_lru_page(struct page* page) { putback(page_folio(page)); }
void folio_putback_lru(struct folio* folio) { putback(folio); }

void folio_unlock(struct folio* folio) { clear_bit_unlock(PG_locked, folio_flags(folio, 0)); }
void unlock_page(struct page* page) { folio_unlock(page_folio(page)); }

// An unmap lets its pages go once their TLB entries are flushed.
void free_page_and_swap_cache(struct page* page) {
  wr_port_free_page_and_swap_cache(page_to_pfn(page));
}
#ifdef WR_TREE_HAS_FREE_SWAP_OF_FOLIO
void free_swap_cache(struct folio* folio) { wr_port_free_swap_cache(folio_pfn(folio)); }
void free_swap_and_cache_nr(swp_entry_t entry, int count) {
  for (int i = 0; i < count; ++i) wr_port_free_swap(swp_offset(entry) + i);
}
#else
void free_swap_cache(struct page* page) { wr_port_free_swap_cache(page_to_pfn(page)); }
int free_swap_and_cache(swp_entry_t entry) {
  if (!non_swap_entry(entry)) wr_port_free_swap(swp_offset(entry));
  return 1;
}
#endif
void free_pages_and_swap_cache(wr_batched* pages, int count) {
  for (int i = 0; i < count; ++i) {
    struct page* page = wr_page_of_batched(pages[i]);
    unsigned long refs = wr_batched_has_count(pages[i]) ? wr_batched_count(pages[++i]) : 1;
    while (refs-- != 0) free_page_and_swap_cache(page);
  }
}

// Reclaim's opinion of a page, and its queue of large folios that are not mapped as a whole.
void deferred_split_folio(struct folio* folio, bool partially_mapped) {}
void deferred_split_huge_page(struct page* page) {}
void folio_mark_accessed(struct folio* folio) {}
void mark_page_accessed(struct page* page) {}
bool folio_mark_dirty(struct folio* folio) {
  folio_set_dirty(folio);
  return true;
}
bool set_page_dirty(struct page* page) {
  SetPageDirty(page);
  return true;
}

#ifdef WR_TREE_HAS_SHMEM_MAPPING_FUNCTION
bool shmem_mapping(struct address_space* mapping) { return mapping->a_ops == &shmem_aops; }
#endif

#ifndef WR_TREE_HAS_MM_FOLIO_MAPCOUNT
// The mappings of all of a folio's pages, and those by pmds.
int folio_mapcount(struct folio* folio) {
  if (!folio_test_large(folio)) return atomic_read(&folio->_mapcount) + 1;
  const long pages = folio_nr_pages(folio);
  const int entire = folio_entire_mapcount(folio);
  int count = entire;
  for (long i = 0; i < pages; ++i) count += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
  // A file's pages count each whole mapping once each; so do those with PageDoubleMap.
  if (!folio_test_anon(folio)) return count - entire * pages;
  return folio_test_double_map(folio) ? count - pages : count;
}
// Of one page.
int __page_mapcount(struct page* page) {
  struct folio* folio = page_folio(page);
  const int count = atomic_read(&page->_mapcount) + 1;
  if (!folio_test_large(folio)) return count;
  // A file's pages count each whole mapping already.
  const int entire = folio_test_anon(folio) ? folio_entire_mapcount(folio) : 0;
  return count + entire - (folio_test_double_map(folio) ? 1 : 0);
}
#endif

// --- rmap
// ------------------------------------------------------------------------------------------

static struct anon_vma_chain* chain_from(unsigned n, unsigned long first, unsigned long last) {
  for (; n < WR_MMS * WR_VMAS; ++n) {
    struct anon_vma_chain* chain = &wr_memory.chains[n / WR_VMAS][n % WR_VMAS];
    const struct vm_area_struct* vma = &wr_vmas_of(n / WR_VMAS)[n % WR_VMAS];
    struct wr_tree_vma now = {0};
    wr_port_vma(n / WR_VMAS, n % WR_VMAS, &now);
    if (vma->anon_vma != NULL && !now.unlinked && vma->vm_pgoff <= last &&
        first < vma->vm_pgoff + vma_pages(vma)) {
      return chain;
    }
  }
  return NULL;
}
struct anon_vma_chain* anon_vma_interval_tree_iter_first(struct rb_root_cached* root,
                                                         unsigned long first, unsigned long last) {
  return chain_from(0, first, last);
}
struct anon_vma_chain* anon_vma_interval_tree_iter_next(struct anon_vma_chain* chain,
                                                        unsigned long first, unsigned long last) {
  return chain_from(chain - &wr_memory.chains[0][0] + 1, first, last);
}

// --- swap and migration entries
// ----------------------------------------------------------------------

#include "../entry_bits.h"

swp_entry_t wr_swp_entry(unsigned long value) {
  const unsigned long pfn = wr_pfn_of(value);
  if ((value & _PAGE_SWP_MIGRATION) == 0) return swp_entry(0, pfn);
  if ((value & _PAGE_RW) != 0) return swp_entry(SWP_MIGRATION_WRITE, pfn);
  return swp_entry(
      (value & _PAGE_SWP_EXCLUSIVE) != 0 ? SWP_MIGRATION_READ_EXCLUSIVE : SWP_MIGRATION_READ, pfn);
}
unsigned long wr_swp_value(swp_entry_t entry) {
  const unsigned long value = wr_pfn_bits(swp_offset_pfn(entry)) | _PAGE_SWP;
  switch (swp_type(entry)) {
    case 0:
      return wr_pfn_bits(swp_offset(entry)) | _PAGE_SWP;
    case SWP_MIGRATION_WRITE:
      return value | _PAGE_SWP_MIGRATION | _PAGE_RW | _PAGE_SWP_EXCLUSIVE;
    case SWP_MIGRATION_READ_EXCLUSIVE:
      return value | _PAGE_SWP_MIGRATION | _PAGE_SWP_EXCLUSIVE;
    case SWP_MIGRATION_READ:
      return value | _PAGE_SWP_MIGRATION;
    default:
      wr_port_unmodelled("a swap entry of another type");
  }
}

#ifdef WR_TREE_HAS_PTE_MKWRITE_NOVMA
pmd_t pmd_mkwrite(pmd_t e, struct vm_area_struct* vma) { return pmd_mkwrite_novma(e); }
#endif

// --- statistics
// --------------------------------------------------------------------------------------

void __mod_node_page_state(struct pglist_data* node, enum node_stat_item item, long delta) {}
void mod_node_page_state(struct pglist_data* node, enum node_stat_item item, long delta) {}

bool swap_migration_ad_supported;
unsigned long volatile jiffies;
atomic_long_t nr_swap_pages;
long total_swap_pages;
DEFINE_STATIC_KEY_FALSE(init_on_free);
int percpu_counter_batch = 32;
void percpu_counter_add_batch(struct percpu_counter* counter, s64 amount, s32 batch) {}

// --- the tree's own checks
// -----------------------------------------------------------------------------

void warn_slowpath_fmt(const char* file, int line, unsigned taint, const char* format, ...) {
  wr_port_bug(file, line);
}
int _printk(const char* format, ...) { return 0; }
void dump_stack(void) {}
