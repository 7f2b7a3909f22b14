// struct page, folio, mm_struct and the entry types (include/linux/mm_types.h,
// arch/x86/include/asm/pgtable_types.h, v6.1), as far as lockless walks need them.
// Deviations: counters are 64 bits wide and count from zero (the kernel's _mapcount from -1);
// pincount stands in the head page itself; one mapcount a page serves base pages, and the head's
// serves the huge mapping.
#ifndef WALKRACE_KERNEL_MM_TYPES_H_
#define WALKRACE_KERNEL_MM_TYPES_H_

#include "kernel/atomic.h"
#include "kernel/locking.h"
#include "kernel/seqlock.h"

// Five levels of eight entries: a huge page is eight base pages.
#define PAGE_SHIFT 12
#define PAGE_SIZE (1ul << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define WR_LEVEL_SHIFT 3
#define PTRS_PER_PTE (1ul << WR_LEVEL_SHIFT)
#define PMD_SHIFT (PAGE_SHIFT + WR_LEVEL_SHIFT)
#define PUD_SHIFT (PMD_SHIFT + WR_LEVEL_SHIFT)
#define P4D_SHIFT (PUD_SHIFT + WR_LEVEL_SHIFT)
#define PMD_SIZE (1ul << PMD_SHIFT)
#define PMD_MASK (~(PMD_SIZE - 1))
#define PUD_SIZE (1ul << PUD_SHIFT)
#define PUD_MASK (~(PUD_SIZE - 1))
#define P4D_SIZE (1ul << P4D_SHIFT)
#define P4D_MASK (~(P4D_SIZE - 1))
#define HPAGE_PMD_ORDER WR_LEVEL_SHIFT
#define HPAGE_PMD_NR (1ul << HPAGE_PMD_ORDER)
#define HPAGE_PMD_SIZE PMD_SIZE
#define HPAGE_PMD_MASK PMD_MASK

typedef struct {
  unsigned long pte;
} pte_t;
typedef struct {
  unsigned long pmd;
} pmd_t;
typedef struct {
  unsigned long pud;
} pud_t;
typedef struct {
  unsigned long p4d;
} p4d_t;
typedef struct {
  unsigned long pgd;
} pgd_t;

enum pageflags {
  PG_locked,
  PG_lru,
  PG_uptodate,
  PG_head,
  PG_anon,
  PG_anon_exclusive,
  PG_dirty,
  PG_swapbacked,
  PG_swapcache,
  PG_ksm,
  PG_hpage_migratable,  // of a hugetlb page: HPageMigratable, kept apart from the flags there
};

struct page {
  unsigned long flags;
  unsigned long compound_head;  // tail pages: the head's frame number << 1 | 1; else 0
  atomic_t _refcount;
  atomic_t _mapcount;
  atomic_t _pincount;     // head pages of large folios
  unsigned long mapping;  // PAGE_MAPPING_ANON, the address_space, or 0: neither mapped nor cached
  unsigned long index;    // of the page in its vma or file; set with `mapping`, never raced on
};

// page->mapping of an anonymous page. The kernel keeps the anon_vma's address beside the bit.
#define PAGE_MAPPING_ANON 1ul
#define WR_FILE_MAPPING 2ul       // the one file's address_space (shmem)
#define WR_SECRETMEM_MAPPING 4ul  // a file of memfd_secret
#define WR_DAX_MAPPING 16ul       // a file on a device whose memory is mapped as it is
#define WR_HUGETLB_MAPPING 32ul   // hugetlb's file
#define WR_TRACKED_MAPPING 8ul    // a file whose filesystem keeps track of dirty pages

struct folio {
  struct page page;
};

// A page table: its entries. What the kernel keeps in the table's struct page is beside it.
struct wr_table {
  unsigned long entry[PTRS_PER_PTE];
};
typedef struct wr_table* pgtable_t;

struct mm_struct {
  pgd_t* pgd;
  struct rw_semaphore mmap_lock;
  spinlock_t page_table_lock;  // the pmd lock
  seqcount_t write_protect_seq;
  unsigned long id;  // 0 or 1: the number in the addresses of its area
};

// A file: the one of shmem, and where a region says so one of memfd_secret, and one of a filesystem
// that keeps track of dirty pages. A slot holds the pfn of the page that the page cache has there,
// or 0.
#define WR_FILE_PAGES 16
struct address_space {
  struct rw_semaphore i_mmap_rwsem;
  unsigned long i_pages[WR_FILE_PAGES];
  spinlock_t i_pages_lock;              // xa_lock: held where a count is frozen
  unsigned long i_disk[WR_FILE_PAGES];  // what was written out; not shared with CPUs
  struct rw_semaphore invalidate_lock;  // faults against truncation, where a file has it
  unsigned long mapping;                // what page->mapping of its pages says; never changes
};

// A secondary MMU of one mm: shadow entries by page of its area, a pfn and rights each.
#define WR_GUEST_PAGES 16
struct kvm {
  spinlock_t mmu_lock;
  unsigned long mmu_invalidate_seq;
  unsigned long mmu_invalidate_in_progress;
  unsigned long spte[WR_GUEST_PAGES];
  unsigned long registered;  // set under every lock that an invalidation needs
  unsigned long writes;      // of the guest: no two write the same
};

// Swap: a slot counts the entries that refer to it, and the swap cache's page.
#define WR_SWAP_SLOTS 8

// All anonymous memory of a run hangs on one root: fork and split meet there.
struct anon_vma {
  struct rw_semaphore rwsem;
};

// One vma a region of each mm. Fields change under mmap_lock for writing alone.
struct vm_area_struct {
  struct mm_struct* vm_mm;
  unsigned long vm_start;
  unsigned long vm_end;
  unsigned long vm_pgoff;         // of the first page: in the file, or among the rmap's indices
  struct address_space* vm_file;  // null: anonymous
  bool unlinked;                  // from the rmap: munmap is about to free its table
};

#endif  // WALKRACE_KERNEL_MM_TYPES_H_
