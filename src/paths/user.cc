// What a program does: load, store, and the fault that either may take.
#include "kernel/user_access.h"
#include "paths/paths.h"

static bool fault_in(struct mm_struct* mm, unsigned long address, bool write) {
  mmap_read_lock(mm);
  const enum vm_fault fault = handle_mm_fault(mm, address, write);
  mmap_read_unlock(mm);
  return fault == VM_FAULT_DONE;
}

bool user_read(struct mm_struct* mm, unsigned long address, uint64_t* value) {
  while (!wr_user_read(mm, address, value, WR_HERE)) {
    if (!fault_in(mm, address, false)) return false;
  }
  return true;
}

bool user_write(struct mm_struct* mm, unsigned long address, uint64_t value) {
  while (!wr_user_write(mm, address, value, WR_HERE)) {
    if (!fault_in(mm, address, true)) return false;
  }
  return true;
}
