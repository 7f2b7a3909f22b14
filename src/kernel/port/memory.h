// The tree's memory that walkrace shares between CPUs: pages, mms, vmas. Compiled with the tree's
// headers. Reset as a whole at the start of each run.
#ifndef WALKRACE_KERNEL_PORT_MEMORY_H_
#define WALKRACE_KERNEL_PORT_MEMORY_H_

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/rmap.h>

#include "tree.h"

// Frames of data, and of tables: machine/inspect.h.
#define WR_FRAMES 64
#define WR_FIRST_HUGE_FRAME 32
#define WR_FIRST_TABLE 0x100
#define WR_TABLES 26
#define WR_PAGES (WR_FIRST_TABLE + WR_TABLES)
#define WR_MMS 2
#define WR_VMAS 2

struct wr_mm {
  struct mm_struct mm;
  unsigned long cpu_bitmap[1];
};

struct wr_memory {
  struct page mem_map[WR_PAGES];
  struct wr_mm mms[WR_MMS];
  struct vm_area_struct vmas[WR_MMS][WR_VMAS];
  struct anon_vma anon_vma;
  struct anon_vma_chain chains[WR_MMS][WR_VMAS];
  struct address_space mappings[WR_TREE_FILES];
  struct inode inodes[WR_TREE_FILES];
  struct file files[WR_TREE_FILES];
};
extern struct wr_memory wr_memory;
extern const struct address_space_operations shmem_aops;

// The vmas of the mm, as they are now: they change under mmap_lock for writing.
struct vm_area_struct* wr_vmas_of(unsigned mm);

static inline struct mm_struct* wr_mm_of(unsigned mm) { return &wr_memory.mms[mm].mm; }
static inline unsigned wr_number_of_mm(const struct mm_struct* mm) {
  return (struct wr_mm*)mm - wr_memory.mms;
}

#endif  // WALKRACE_KERNEL_PORT_MEMORY_H_
