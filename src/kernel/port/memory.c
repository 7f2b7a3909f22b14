// Builds the tree's memory, and tells which of its fields stand for what of the machine's.
#include "memory.h"

#include <linux/sched.h>
#include <linux/secretmem.h>
#include <linux/shmem_fs.h>

#include "internal.h"
#include "versions.h"

struct wr_memory wr_memory __aligned(4096);
pgd_t swapper_pg_dir[PTRS_PER_PGD];

static struct task_struct tasks[4];
struct task_struct* wr_current(void) { return &tasks[wr_port_cpu()]; }

#define WR_FLAG(flag, bit) {1ul << (flag), bit}
// The machine's bits: enum pageflags of kernel/mm_types.h.
static const struct wr_tree_flag flags[] = {
    WR_FLAG(PG_locked, 0),         WR_FLAG(PG_lru, 1),
    WR_FLAG(PG_uptodate, 2),       WR_FLAG(PG_head, 3),
    WR_FLAG(PG_anon_exclusive, 5), WR_FLAG(PG_dirty, 6),
    WR_FLAG(PG_swapbacked, 7),     WR_FLAG(PG_swapcache, 8),
};

static int is_huge_head(unsigned pfn) {
  return pfn >= WR_FIRST_HUGE_FRAME && pfn < WR_FRAMES && pfn % HPAGE_PMD_NR == 0;
}

static void describe_large_folio(struct page* head, unsigned pfn,
                                 void (*field)(void*, enum wr_tree_field, unsigned)) {
  struct folio* folio = (struct folio*)head;
  field(&folio->_pincount, WR_TREE_PINCOUNT, pfn);
  field(wr_entire_mapcount(folio), WR_TREE_ENTIRE_MAPCOUNT, pfn);
  if (wr_large_mapcount(folio)) field(wr_large_mapcount(folio), WR_TREE_LARGE_MAPCOUNT, pfn);
}

static void describe(void (*field)(void*, enum wr_tree_field, unsigned)) {
  for (unsigned pfn = 1; pfn < WR_FRAMES; ++pfn) {
    struct page* page = &wr_memory.mem_map[pfn];
    field(&page->flags, WR_TREE_FLAGS, pfn);
    field(&page->_refcount, WR_TREE_REFCOUNT, pfn);
    field(&page->_mapcount, WR_TREE_MAPCOUNT, pfn);
    field(&page->compound_head, WR_TREE_COMPOUND_HEAD, pfn);
    // These share their places with others in the first tail pages of a large folio.
    field(&page->mapping, WR_TREE_MAPPING, pfn);
    field(&page->index, WR_TREE_INDEX, pfn);
  }
  for (unsigned pfn = 1; pfn < WR_FRAMES; ++pfn) {
    if (is_huge_head(pfn)) describe_large_folio(&wr_memory.mem_map[pfn], pfn, field);
  }
  for (unsigned table = 0; table < WR_TABLES; ++table) {
    struct page* page = &wr_memory.mem_map[WR_FIRST_TABLE + table];
    field(wr_table_lock(page), WR_TREE_PTE_LOCK, table);
  }
  for (unsigned mm = 0; mm < WR_MMS; ++mm) {
    field(&wr_mm_of(mm)->page_table_lock, WR_TREE_PMD_LOCK, mm);
    field(&wr_mm_of(mm)->mmap_lock, WR_TREE_MMAP_LOCK, mm);
    field(&wr_mm_of(mm)->write_protect_seq, WR_TREE_WRITE_PROTECT_SEQ, mm);
    field(&wr_mm_of(mm)->hiwater_rss, WR_TREE_STATISTIC, mm);
    field(&wr_mm_of(mm)->hiwater_vm, WR_TREE_STATISTIC, mm);
  }
  field(&wr_memory.anon_vma.rwsem, WR_TREE_ANON_VMA_LOCK, 0);
  for (unsigned file = 0; file < WR_TREE_FILES; ++file) {
    field(&wr_memory.mappings[file].i_mmap_rwsem, WR_TREE_I_MMAP_LOCK, file);
  }
}

const struct address_space_operations shmem_aops;
const struct address_space_operations secretmem_aops;
static const struct address_space_operations filesystem_aops;

static void build_files(void) {
  for (unsigned i = 0; i < WR_TREE_FILES; ++i) {
    struct address_space* mapping = &wr_memory.mappings[i];
    mapping->host = &wr_memory.inodes[i];
    mapping->a_ops = &filesystem_aops;
    wr_memory.inodes[i].i_mapping = mapping;
    wr_memory.files[i].f_mapping = mapping;
    wr_memory.files[i].f_inode = &wr_memory.inodes[i];
  }
  wr_memory.mappings[WR_TREE_SHMEM].a_ops = &shmem_aops;
  wr_memory.mappings[WR_TREE_SECRETMEM].a_ops = &secretmem_aops;
}

// Outside of runs: nothing here may be an event.
static void build(void) {
  mem_map = wr_memory.mem_map;
  highest_memmap_pfn = WR_PAGES - 1;
  for (unsigned pfn = 0; pfn < WR_PAGES; ++pfn) {
    struct list_head* lru = &wr_memory.mem_map[pfn].lru;
    lru->next = lru->prev = lru;
  }
  for (unsigned pfn = WR_FIRST_HUGE_FRAME; pfn < WR_FRAMES; pfn += HPAGE_PMD_NR) {
    wr_set_order((struct folio*)&wr_memory.mem_map[pfn], HPAGE_PMD_ORDER);
  }
  wr_memory.anon_vma.root = &wr_memory.anon_vma;
  wr_memory.anon_vma.refcount.counter = 1;
  build_files();
  for (unsigned i = 0; i < WR_MMS; ++i) {
    struct mm_struct* mm = wr_mm_of(i);
    mm->context.id = i;
    mm->mm_users.counter = mm->mm_count.counter = 1;
    // Whether anybody listens is asked where the notification goes.
    mm->notifier_subscriptions = (struct mmu_notifier_subscriptions*)&wr_memory;
    for (unsigned n = 0; n < WR_VMAS; ++n) wr_memory.chains[i][n].vma = &wr_memory.vmas[i][n];
  }
}

static const struct vm_operations_struct file_ops;

static struct wr_tree_vma vmas_as_set[WR_MMS][WR_VMAS];

static void set_vma(struct vm_area_struct* vma, struct mm_struct* mm,
                    const struct wr_tree_vma* from) {
  vm_flags_t* flags = (vm_flags_t*)&vma->vm_flags;
  memset(vma, 0, sizeof(*vma));
  vma->vm_mm = mm;
  vma->vm_start = from->start;
  vma->vm_end = from->end;
  vma->vm_pgoff = from->pgoff;
  *flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE;
  vma->vm_page_prot = PAGE_READONLY;
  if (from->file < 0) {
    vma->anon_vma = &wr_memory.anon_vma;
  } else {
    *flags |= VM_SHARED | VM_MAYSHARE;
    vma->vm_file = &wr_memory.files[from->file];
    vma->vm_ops = &file_ops;
  }
}

struct vm_area_struct* wr_vmas_of(unsigned mm) {
  for (unsigned n = 0; n < WR_VMAS; ++n) {
    struct wr_tree_vma now = {0};
    wr_port_vma(mm, n, &now);
    if (memcmp(&now, &vmas_as_set[mm][n], sizeof(now)) == 0) continue;
    set_vma(&wr_memory.vmas[mm][n], wr_mm_of(mm), &now);
    vmas_as_set[mm][n] = now;
  }
  return wr_memory.vmas[mm];
}

static void begin(const struct wr_tree_start* start) {
  memset(vmas_as_set, 0, sizeof(vmas_as_set));
  for (unsigned i = 0; i < WR_MMS; ++i) wr_mm_of(i)->pgd = start->pgd[i];
  for (unsigned cpu = 0; cpu < 4; ++cpu) {
    tasks[cpu].mm = tasks[cpu].active_mm = wr_mm_of(start->mm_of_cpu[cpu]);
  }
}

extern long wr_gup_fast(unsigned long start, unsigned count, unsigned how, unsigned long* pfns);
extern void wr_put(unsigned long pfn, unsigned how);
extern int wr_collapse(unsigned mm, unsigned long address);
extern void wr_dontneed(unsigned mm, unsigned long start, unsigned long end);
extern const struct wr_site wr_tree_sites[];
extern const struct wr_tree_site_row wr_tree_site_rows[];
extern const unsigned long wr_tree_site_row_count;
extern const char wr_tree_text[];
extern const char wr_tree_text_end[];

const struct wr_tree WR_TREE_SYMBOL = {
    .name = WR_TREE_NAME,
    .release = WR_TREE_RELEASE,
    .files = WR_TREE_FILE_NAMES,
    .memory = &wr_memory,
    .memory_bytes = sizeof(wr_memory),
    .mem_map = wr_memory.mem_map,
    .page_bytes = sizeof(struct page),
    .anon_vma = &wr_memory.anon_vma,
    .mapping = {&wr_memory.mappings[0], &wr_memory.mappings[1], &wr_memory.mappings[2],
                &wr_memory.mappings[3], &wr_memory.mappings[4]},
    .mapping_anon = PAGE_MAPPING_ANON,
    .mapping_ksm = PAGE_MAPPING_KSM,
#ifdef WR_TREE_HAS_WHOLE_COUNTS_EACH
    .whole_counts_each = 1,
#endif
    .flags = flags,
    .flag_count = ARRAY_SIZE(flags),
    .sites = wr_tree_sites,
    .site_rows = wr_tree_site_rows,
    .site_row_count = &wr_tree_site_row_count,
    .text = wr_tree_text,
    .text_end = wr_tree_text_end,
    .describe = describe,
    .build = build,
    .begin = begin,
    .gup_fast = wr_gup_fast,
    .put = wr_put,
    .collapse = wr_collapse,
    .dontneed = wr_dontneed,
};
