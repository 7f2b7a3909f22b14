// Mirrors kvm_mmu_page_fault()'s direct_page_fault() and kvm_faultin_pfn() with
// mmu_invalidate_retry(), kvm_mmu_notifier_invalidate_range_start() and _end(), and
// mmu_notifier_register(), v6.1. Leaves out: memory slots (guest addresses are the host's), dirty
// and access tracking, huge shadow entries, the guest's own TLB (it is flushed under mmu_lock with
// the shadow entries, and nothing here is in between). Deviation: a guest whose fault must be
// retried gives up after a few times; a vCPU would try until it is let through.
#include "paths/secondary_mmu.h"

#include "kernel/barrier.h"
#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/swap.h"
#include "kernel/touches.h"
#include "kernel/user_access.h"
#include "paths/cuts.h"
#include "paths/paths.h"

namespace {

constexpr int kRetriesMax = 3;

bool maps(struct mm_struct* mm, const struct address_space* file) {
  for (struct vm_area_struct* vma = wr_next_vma(mm, nullptr); vma != nullptr;
       vma = wr_next_vma(mm, vma)) {
    if (vma->vm_file == file) return true;
  }
  return false;
}

void mmu_notifier_register(struct mm_struct* mm) {
  if (wr_kvm_is_registered(mm)) return;
  // mm_take_all_locks(): no invalidation is under way that the new one would see the end of alone.
  mmap_write_lock(mm);
  i_mmap_lock_write(wr_file());
  // Of the others, those whose pages are taken away by the rmap: truncate_file_page(),
  // dax_truncate().
  const bool tracked = maps(mm, wr_tracked_file());
  const bool dax = maps(mm, wr_dax_file());
  if (tracked) i_mmap_lock_write(wr_tracked_file());
  if (dax) i_mmap_lock_write(wr_dax_file());
  anon_vma_lock_write();
  wr_kvm_register(mm);
  anon_vma_unlock_write();
  if (dax) i_mmap_unlock_write(wr_dax_file());
  if (tracked) i_mmap_unlock_write(wr_tracked_file());
  i_mmap_unlock_write(wr_file());
  mmap_write_unlock(mm);
}

bool mmu_invalidate_retry(const struct kvm* kvm, unsigned long mmu_seq) {
  if (READ_ONCE(kvm->mmu_invalidate_in_progress) != 0) return true;
  if (!is_cut("invalidate-barriers")) smp_rmb();
  return READ_ONCE(kvm->mmu_invalidate_seq) != mmu_seq;
}

// An entry goes: what the guest may have written through it makes the page dirty
// (kvm_set_pfn_dirty).
void keep_dirty(unsigned long* sptep) {
  if (!wr_reclaim_begun()) return;
  const unsigned long spte = READ_ONCE(*sptep);
  if ((spte & _PAGE_RW) != 0) {
    SetPageDirty(&wr_folio_of_held(pfn_to_page(wr_pfn_of(spte)))->page);
  }
}

// Returns false where an invalidation came in between.
bool direct_page_fault(struct kvm* kvm, struct mm_struct* mm, unsigned long address, bool write) {
  const unsigned long mmu_seq = READ_ONCE(kvm->mmu_invalidate_seq);
  if (!is_cut("invalidate-barriers")) smp_rmb();
  struct page* page = nullptr;
  const unsigned flags = FOLL_GET | (write ? FOLL_WRITE : 0);
  if (internal_get_user_pages_fast(mm, address, 1, flags, &page) != 1) return false;
  spin_lock(&kvm->mmu_lock);
  // ORDER(W count-then-look): the sequence, then the page, then under mmu_lock the sequence again;
  // pairs with an invalidation, which counts after the entry is gone. Without it a page is
  // shadowed that was taken away meanwhile.
  const bool fresh = !mmu_invalidate_retry(kvm, mmu_seq);
  if (fresh) {
    const unsigned long rights = _PAGE_PRESENT | (write ? _PAGE_RW : 0);
    // mmu_spte_update(): another vCPU's writable entry may stand there.
    if (!write) keep_dirty(wr_spte_of(mm, address));
    WRITE_ONCE(*wr_spte_of(mm, address), wr_pfn_bits(page_to_pfn(page)) | rights);
  }
  spin_unlock(&kvm->mmu_lock);
  put_user_page(page, address);
  return fresh;
}

void drop_spte(unsigned long* sptep) {
  keep_dirty(sptep);
  WRITE_ONCE(*sptep, 0);
}

void access_from_guest(struct mm_struct* mm, unsigned long start, bool write) {
  mmu_notifier_register(mm);
  for (int i = 0; i < kRetriesMax; ++i) {
    if (wr_guest_access(mm, start, write, WR_HERE)) return;
    (void)direct_page_fault(wr_kvm_of(mm), mm, start, write);
  }
}

}  // namespace

void mmu_notifier_invalidate_range_start(struct mm_struct* mm, unsigned long start,
                                         unsigned long end) {
  struct kvm* kvm = wr_kvm_of(mm);
  if (!wr_kvm_is_registered(mm)) return;
  spin_lock(&kvm->mmu_lock);
  WRITE_ONCE(kvm->mmu_invalidate_in_progress, READ_ONCE(kvm->mmu_invalidate_in_progress) + 1);
  for (; start < end; start += PAGE_SIZE) drop_spte(wr_spte_of(mm, start));
  spin_unlock(&kvm->mmu_lock);
}

void mmu_notifier_invalidate_range_end(struct mm_struct* mm, unsigned long /*start*/,
                                       unsigned long /*end*/) {
  struct kvm* kvm = wr_kvm_of(mm);
  if (!wr_kvm_is_registered(mm)) return;
  spin_lock(&kvm->mmu_lock);
  WRITE_ONCE(kvm->mmu_invalidate_seq, READ_ONCE(kvm->mmu_invalidate_seq) + 1);
  if (!is_cut("invalidate-barriers")) smp_wmb();
  WRITE_ONCE(kvm->mmu_invalidate_in_progress, READ_ONCE(kvm->mmu_invalidate_in_progress) - 1);
  spin_unlock(&kvm->mmu_lock);
}

void guest_read(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                unsigned /*flags*/) {
  access_from_guest(mm, start, false);
}

void guest_write(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                 unsigned /*flags*/) {
  access_from_guest(mm, start, true);
}
