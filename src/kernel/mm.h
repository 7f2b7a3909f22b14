// Address spaces: whose a CPU is, and the vmas of one (include/linux/{mm.h,sched/mm.h}, v6.1).
// Implemented by src/machine. No events: they change under mmap_lock for writing alone.
#ifndef WALKRACE_KERNEL_MM_H_
#define WALKRACE_KERNEL_MM_H_

#include "kernel/mm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

// current->mm.
struct mm_struct* wr_current_mm(void);
// The run's other address space: the child that a fork fills. Null where the run has none.
struct mm_struct* wr_other_mm(struct mm_struct* mm);

// The vma that contains the address, or null.
struct vm_area_struct* find_vma(struct mm_struct* mm, unsigned long address);

// Walks the vmas of an mm in order: null to begin with, null at the end.
struct vm_area_struct* wr_next_vma(struct mm_struct* mm, struct vm_area_struct* vma);

// Walks every vma of every mm that may map the page at `index` of `file` (null: of anonymous
// memory), as rmap_walk does. Null to begin with, null at the end.
struct vm_area_struct* wr_next_rmap(struct address_space* file, unsigned long index,
                                    struct vm_area_struct* vma);

// Where the rmap has a page now, for notes: looked at under no lock, since it is no step of a
// path's.
struct wr_rmap_addresses {
  unsigned long address[4];  // a vma a region of each mm
  int nr;
};
struct wr_rmap_addresses wr_rmap_addresses_of(const struct page* page);

// The user address of the page at `index` in this vma. REQUIRES: it is in it.
static inline unsigned long vma_address(const struct vm_area_struct* vma, unsigned long index) {
  return vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT);
}
static inline unsigned long linear_page_index(const struct vm_area_struct* vma,
                                              unsigned long address) {
  return ((address - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

struct address_space* wr_file(void);
struct address_space* wr_hugetlb_file(void);
// What size hugetlb's page in this run has: PMD size, by an entry in a pmd table that mms can
// share, CONT-PTE size (arm64), by as many ptes as a table has, or PUD size, by an entry of the pud
// table.
enum wr_hugetlb_size { WR_HUGETLB_PMD, WR_HUGETLB_CONT_PTE, WR_HUGETLB_PUD };
enum wr_hugetlb_size wr_hugetlb_size(void);
struct address_space* wr_secretmem_file(void);
struct address_space* wr_tracked_file(void);
// Of a DAX file the first slot has the huge page of the device.
struct address_space* wr_dax_file(void);
// Whether some region of this run is memfd_secret's: a kernel may be without (CONFIG_SECRETMEM).
bool wr_has_secretmem(void);
// How many mms use this pmd table of hugetlb.
atomic_t* wr_pmd_shares(const struct wr_table* table);
// The pmd tables of hugetlb, as a scan by pfn meets them: 0 or 1.
struct wr_table* wr_hugetlb_table(int n);
struct kvm* wr_kvm_of(const struct mm_struct* mm);
// Whether a guest runs in this mm already: what its program knows. No event.
bool wr_kvm_is_registered(const struct mm_struct* mm);
// The shadow entry of an address of the area.
unsigned long* wr_spte_of(const struct mm_struct* mm, unsigned long address);
struct anon_vma* wr_root_anon_vma(void);

// mm_cpumask(mm): the CPUs of the run that run in this mm, and those that a kernel thread took into
// it and that nobody has trimmed.
uint32_t wr_mm_cpumask(const struct mm_struct* mm);

// The running CPU's tasks: current->mm (null: a kernel thread that has none) and
// current->active_mm. Its own mm is both at the start. No events: interrupts are off.
void wr_set_task_mm(struct mm_struct* mm, struct mm_struct* active_mm);

static inline bool is_vm_hugetlb_page(const struct vm_area_struct* vma) {
  return vma->vm_file == wr_hugetlb_file();
}
static inline bool vma_is_secretmem(const struct vm_area_struct* vma) {
  return vma->vm_file == wr_secretmem_file();
}
static inline bool vma_is_dax(const struct vm_area_struct* vma) {
  return vma->vm_file == wr_dax_file();
}
// vma_needs_dirty_tracking().
static inline bool vma_needs_dirty_tracking(const struct vm_area_struct* vma) {
  return vma->vm_file == wr_tracked_file();
}

#ifdef __cplusplus
}
#endif

#define mm_cpumask(mm) wr_mm_cpumask(mm)
#define anon_vma_lock_write() wr_write_lock(&wr_root_anon_vma()->rwsem.word, WR_HERE)
#define anon_vma_unlock_write() wr_write_unlock(&wr_root_anon_vma()->rwsem.word, WR_HERE)
#define anon_vma_lock_read() wr_read_lock(&wr_root_anon_vma()->rwsem.word, WR_HERE)
#define anon_vma_unlock_read() wr_read_unlock(&wr_root_anon_vma()->rwsem.word, WR_HERE)
#define filemap_invalidate_lock(file) wr_write_lock(&(file)->invalidate_lock.word, WR_HERE)
#define filemap_invalidate_unlock(file) wr_write_unlock(&(file)->invalidate_lock.word, WR_HERE)
#define filemap_invalidate_lock_shared(file) wr_read_lock(&(file)->invalidate_lock.word, WR_HERE)
#define filemap_invalidate_unlock_shared(file) \
  wr_read_unlock(&(file)->invalidate_lock.word, WR_HERE)
#define i_mmap_lock_write(file) wr_write_lock(&(file)->i_mmap_rwsem.word, WR_HERE)
#define i_mmap_unlock_write(file) wr_write_unlock(&(file)->i_mmap_rwsem.word, WR_HERE)
#define i_mmap_lock_read(file) wr_read_lock(&(file)->i_mmap_rwsem.word, WR_HERE)
#define i_mmap_unlock_read(file) wr_read_unlock(&(file)->i_mmap_rwsem.word, WR_HERE)

#endif  // WALKRACE_KERNEL_MM_H_
