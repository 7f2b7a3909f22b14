// What a kernel tree that was built in offers: one object file a tree (build_tree.py), all of whose
// other names are its own. Plain C, without any type of the kernel's or of the machine's: both
// sides include it.
#ifndef WALKRACE_KERNEL_PORT_TREE_H_
#define WALKRACE_KERNEL_PORT_TREE_H_

#include "../../base/site.h"

#ifdef __cplusplus
extern "C" {
#endif

// A field of the tree's memory that stands for something of the machine's. `of`: a frame, a table
// or an mm, by number.
enum wr_tree_field {
  WR_TREE_NONE,
  WR_TREE_FLAGS,              // page->flags
  WR_TREE_REFCOUNT,           // page->_refcount
  WR_TREE_MAPCOUNT,           // page->_mapcount, from -1
  WR_TREE_ENTIRE_MAPCOUNT,    // of a large folio: its mappings by pmds, from -1
  WR_TREE_LARGE_MAPCOUNT,     // of a large folio: all of its mappings, from -1
  WR_TREE_PINCOUNT,           // of a large folio
  WR_TREE_COMPOUND_HEAD,      // page->compound_head
  WR_TREE_MAPPING,            // page->mapping
  WR_TREE_INDEX,              // page->index
  WR_TREE_PTE_LOCK,           // of: a table
  WR_TREE_PMD_LOCK,           // of: an mm
  WR_TREE_MMAP_LOCK,          // of: an mm
  WR_TREE_WRITE_PROTECT_SEQ,  // of: an mm
  WR_TREE_ANON_VMA_LOCK,
  WR_TREE_I_MMAP_LOCK,  // of: a file, see wr_tree_file
  WR_TREE_STATISTIC,    // nothing of the machine's: may race
};

// Files, by what a page of theirs says in the machine.
enum wr_tree_file {
  WR_TREE_SHMEM,
  WR_TREE_SECRETMEM,
  WR_TREE_DIRTY_TRACKED,
  WR_TREE_DAX,
  WR_TREE_HUGETLB,
  WR_TREE_FILES,
};

// page->flags, and what the machine calls them (enum pageflags of kernel/mm_types.h).
struct wr_tree_flag {
  unsigned long mask;
  unsigned machine_bit;
};

struct wr_tree_vma {
  unsigned long start, end, pgoff;
  int file;      // wr_tree_file, or -1: anonymous
  int unlinked;  // the rmap does not find it
};

struct wr_tree_start {
  void* pgd[2];  // of each mm
  unsigned char mm_of_cpu[4];
};

// What a call site in the tree's code is: `offset` of the instruction behind the call, in the text.
struct wr_tree_site_row {
  unsigned offset;
  unsigned site;
};

enum { WR_TREE_GUP_GET = 1, WR_TREE_GUP_PIN = 2, WR_TREE_GUP_WRITE = 4, WR_TREE_GUP_LONGTERM = 8 };

struct wr_tree {
  const char* name;     // as --tree has it
  const char* release;  // VERSION.PATCHLEVEL.SUBLEVEL of its Makefile
  const char* files;    // "mm/gup.c mm/khugepaged.c ...": what runs from it

  void* memory;
  unsigned long memory_bytes;
  void* mem_map;
  unsigned long page_bytes;
  void* anon_vma;
  void* mapping[WR_TREE_FILES];
  unsigned long mapping_anon, mapping_ksm;  // bits of page->mapping
  // A whole mapping of a file's huge page counts in each page's mapcount as well (before 6.2),
  // which no other count tells from mappings by ptes: zaps of files are left to walkrace's own
  // path.
  int whole_counts_each;
  const struct wr_tree_flag* flags;
  unsigned flag_count;

  const struct wr_site* sites;
  const struct wr_tree_site_row* site_rows;
  const unsigned long* site_row_count;
  const char* text;
  const char* text_end;

  // Tells each field that stands for something of the machine's.
  void (*describe)(void (*field)(void* address, enum wr_tree_field kind, unsigned of));
  // Memory as it is at the start of every run.
  void (*build)(void);
  void (*begin)(const struct wr_tree_start* start);

  // Operations. They return a page as its frame number, and a negative errno where the kernel does.
  // `pfns`: room for `count`.
  long (*gup_fast)(unsigned long start, unsigned count, unsigned how, unsigned long* pfns);
  void (*put)(unsigned long pfn, unsigned how);
  // 1: collapsed.
  int (*collapse)(unsigned mm, unsigned long address);
  void (*dontneed)(unsigned mm, unsigned long start, unsigned long end);
};

#ifdef __cplusplus
}
#endif

#endif  // WALKRACE_KERNEL_PORT_TREE_H_
