#include "paths/rmap_locks.h"

#include "kernel/mm.h"
#include "kernel/touches.h"

void take_rmap_locks(struct vm_area_struct* vma) {
  if (vma->vm_file != nullptr) {
    i_mmap_lock_write(vma->vm_file);
  } else {
    anon_vma_lock_write();
  }
}

void drop_rmap_locks(struct vm_area_struct* vma) {
  if (vma->vm_file != nullptr) {
    i_mmap_unlock_write(vma->vm_file);
  } else {
    anon_vma_unlock_write();
  }
}

void unlink_vma(struct vm_area_struct* vma, bool unlinked) {
  take_rmap_locks(vma);
  wr_vma_changes();
  vma->unlinked = unlinked;
  drop_rmap_locks(vma);
}
