// The lockless walk. Mirrors internal_get_user_pages_fast() and what it calls, mm/gup.c, v6.1.
// Leaves out: p4d and higher leaves, pud leaves of devices, hugepd, ptes of device maps. Deviation:
// the kernel re-reads pmd and pte with plain C accesses; here both re-reads are READ_ONCE, and the
// plain one is the variant plain-pmd-reread. Where an entry is two words the pmd is read as since
// 6.2 (1180e732c985); 6.1's read is torn-pmd.
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "paths/cow.h"
#include "paths/cuts.h"
#include "paths/gup_longterm.h"
#include "paths/gup_walk.h"
#include "paths/paths.h"
#include "paths/secretmem.h"

namespace {

bool must_unshare(const struct gup_walk* walk, struct page* page, uint32_t loads) {
  return !is_cut("gup-fast-unshare") && gup_must_unshare(walk->flags, page, loads);
}

int gup_pte_range(pmd_t pmd, pmd_t* pmdp, unsigned long addr, unsigned long end,
                  struct gup_walk* walk) {
  pte_t* ptep = pte_offset_kernel(pmd, addr);
  for (; addr != end; addr += PAGE_SIZE, ++ptep) {
    pte_t pte = is_cut("pte-low-again") ? ptep_get_halves(ptep) : ptep_get_lockless(ptep);
    if (pte_protnone(pte) || pte_special(pte)) return 0;
    if (!pte_access_permitted(pte, (walk->flags & FOLL_WRITE) != 0)) return 0;
    note_checked(ptep, addr, pte_val(pte));
    // ORDER(H test-and-use-one-load): the tests, the pfn and the compare below are about one load.
    // A compiler that loads again lets a mutator put another entry between test and use, which the
    // compare then finds unchanged. Two marked loads stand for its plain ones: ThreadSanitizer
    // would report those first.
    if (is_cut("pte-read-once")) pte = ptep_get_lockless(ptep);
    const uint32_t loads = wr_load_count();
    if (!pfn_valid(pte_pfn(pte))) return 0;
    struct page* page = pfn_to_page(pte_pfn(pte));
    struct folio* folio = try_grab_folio(page, 1, walk->flags);
    if (folio == nullptr) return 0;

    if (folio_is_secretmem(folio)) {
      gup_put_folio(folio, 1, walk->flags);
      return 0;
    }

    // ORDER(A pin-then-recheck): reference, then re-read the pmd; pairs with collapse_huge_page()'s
    // clear pmd, then count. Without it both win: collapse sees an unreferenced page, the walker
    // an unchanged pte in the table that collapse took away, and a replaced page is returned.
    bool changed = false;
    if (is_cut("pmd-read-once")) {
      changed = pmd_changed(pmd, pmd_read_locked(pmdp));
    } else if (!is_cut("pmd-recheck")) {
      changed = pmd_changed(pmd, pmdp_get_lockless(pmdp));
    }
    // The same against zap, which clears the pte alone: without it a folio that was freed and
    // reused in between is returned.
    if (!changed && !is_cut("pte-recheck")) {
      changed = pte_val(pte) != pte_val(ptep_get_lockless(ptep));
    }
    if (changed) {
      if (!is_cut("put-on-recheck")) gup_put_folio(folio, 1, walk->flags);
      return 0;
    }
    if (!folio_fast_pin_allowed(folio, walk->flags)) {
      gup_put_folio(folio, 1, walk->flags);
      return 0;
    }
    if (!pte_write(pte) && must_unshare(walk, page, loads)) {
      gup_put_folio(folio, 1, walk->flags);
      return 0;
    }
    keep_page(walk, page, addr);
  }
  return 1;
}

// What is left to test once a huge leaf was found unchanged after the references. `loads`: how many
// this CPU had made when it knew the page.
int keep_huge(struct gup_walk* walk, struct page* page, struct folio* folio, int refs,
              bool writable, unsigned long addr, uint32_t loads) {
  if (!folio_fast_pin_allowed(folio, walk->flags) ||
      (!writable && must_unshare(walk, &folio->page, loads))) {
    gup_put_folio(folio, refs, walk->flags);
    return 0;
  }
  for (int i = 0; i < refs; ++i) keep_page(walk, page + i, addr + ((unsigned long)i << PAGE_SHIFT));
  return 1;
}

// ORDER(I leaf-pin-then-recheck): references, then re-read the leaf; pairs with zap_huge_pmd()'s
// clear, flush, then free. Without it a huge page that was freed and allocated anew in between is
// returned for an address that never mapped it.
int gup_huge_pmd(pmd_t orig, pmd_t* pmdp, unsigned long addr, unsigned long end,
                 struct gup_walk* walk) {
  if (!pmd_access_permitted(orig, (walk->flags & FOLL_WRITE) != 0)) return 0;
  note_checked(pmdp, addr, pmd_val(orig));
  if (pmd_devmap(orig)) {
    if ((walk->flags & FOLL_LONGTERM) != 0) return 0;
    return __gup_device_huge_pmd(orig, pmdp, addr, end, walk);
  }
  const uint32_t loads = wr_load_count();
  struct page* page = pfn_to_page(pmd_pfn(orig) + pte_index(addr));
  const int refs = (int)((end - addr) >> PAGE_SHIFT);
  struct folio* folio = try_grab_folio(page, refs, walk->flags);
  if (folio == nullptr) return 0;
  if (!is_cut("huge-pmd-recheck") && pmd_changed(orig, pmdp_get_lockless(pmdp))) {
    gup_put_folio(folio, is_cut("undo-all") ? 1 : refs, walk->flags);
    return 0;
  }
  return keep_huge(walk, page, folio, refs, pmd_write(orig), addr, loads);
}

// The same one level up; pairs with huge_ptep_clear_flush() of migration, then the count.
int gup_huge_pud(pud_t orig, pud_t* pudp, unsigned long addr, unsigned long end,
                 struct gup_walk* walk) {
  if (!pud_access_permitted(orig, (walk->flags & FOLL_WRITE) != 0)) return 0;
  note_checked(pudp, addr, pud_val(orig));
  const uint32_t loads = wr_load_count();
  struct page* page = pfn_to_page(pud_pfn(orig) + ((addr & ~PUD_MASK) >> PAGE_SHIFT));
  const int refs = (int)((end - addr) >> PAGE_SHIFT);
  struct folio* folio = try_grab_folio(page, refs, walk->flags);
  if (folio == nullptr) return 0;
  if (!is_cut("huge-pud-recheck") && pud_val(orig) != pud_val(pudp_get(pudp))) {
    gup_put_folio(folio, refs, walk->flags);
    return 0;
  }
  return keep_huge(walk, page, folio, refs, pud_write(orig), addr, loads);
}

int gup_pmd_range(pud_t* pudp, pud_t pud, unsigned long addr, unsigned long end,
                  struct gup_walk* walk) {
  pmd_t* pmdp = pmd_offset_lockless(pudp, pud, addr);
  unsigned long next;
  do {
    const pmd_t pmd = is_cut("pmd-low-again") ? pmdp_get_halves(pmdp) : pmdp_get_lockless(pmdp);
    next = pmd_addr_end(addr, end);
    if (!pmd_present(pmd)) return 0;
    if (pmd_leaf(pmd)) {
      if (pmd_protnone(pmd) || !gup_huge_pmd(pmd, pmdp, addr, next, walk)) return 0;
      continue;
    }
    note_checked(pmdp, addr, pmd_val(pmd));
    if (!gup_pte_range(pmd, pmdp, addr, next, walk)) return 0;
  } while (++pmdp, addr = next, addr != end);
  return 1;
}

// ORDER(BC offset-of-entry): where the level below is folded its first entry is the entry itself,
// in the table: the next one is behind it there. Of the copy that the walker holds, the next one is
// whatever stands behind that on its stack: what this gives from the second on. The first is the
// copy, and no access.
unsigned long behind_copy(unsigned long copy, unsigned n) {
  return n == 0 ? copy : WR_ENTRY_READ(*wr_behind_local(n));
}

int gup_pud_range(p4d_t* p4dp, p4d_t p4d, unsigned long addr, unsigned long end,
                  struct gup_walk* walk) {
  pud_t* pudp = pud_offset_lockless(p4dp, p4d, addr);
  const bool of_copy = is_cut("offset-lockless") && pgtable_pud_folded();
  unsigned long next;
  unsigned n = 0;
  do {
    const pud_t pud = of_copy ? (pud_t){behind_copy(p4d_val(p4d), n++)} : pudp_get(pudp);
    next = pud_addr_end(addr, end);
    if (!pud_present(pud)) return 0;
    if (pud_leaf(pud)) {
      if (!gup_huge_pud(pud, pudp, addr, next, walk)) return 0;
      continue;
    }
    if (!gup_pmd_range(pudp, pud, addr, next, walk)) return 0;
  } while (++pudp, addr = next, addr != end);
  return 1;
}

int gup_p4d_range(pgd_t* pgdp, pgd_t pgd, unsigned long addr, unsigned long end,
                  struct gup_walk* walk) {
  p4d_t* p4dp = p4d_offset_lockless(pgdp, pgd, addr);
  const bool of_copy = is_cut("offset-lockless") && !pgtable_l5_enabled();
  unsigned long next;
  unsigned n = 0;
  do {
    const p4d_t p4d = of_copy ? (p4d_t){behind_copy(pgd_val(pgd), n++)} : p4dp_get(p4dp);
    next = p4d_addr_end(addr, end);
    if (p4d_none(p4d) || !gup_pud_range(p4dp, p4d, addr, next, walk)) return 0;
  } while (++p4dp, addr = next, addr != end);
  return 1;
}

void gup_pgd_range(struct mm_struct* mm, unsigned long addr, unsigned long end,
                   struct gup_walk* walk) {
  pgd_t* pgdp = pgd_offset(mm, addr);
  unsigned long next;
  do {
    const pgd_t pgd = pgdp_get(pgdp);
    next = pgd_addr_end(addr, end);
    if (pgd_none(pgd) || !gup_p4d_range(pgdp, pgd, addr, next, walk)) return;
  } while (++pgdp, addr = next, addr != end);
}

// Puts back all that the walk has kept.
void undo_walk(struct gup_walk* walk, unsigned long start) {
  for (int i = 0; i < walk->nr; ++i) {
    struct page* page = walk->pages[i];
    wr_note(WR_NOTE_PAGE_KEPT, &page->_refcount, start + ((unsigned long)i << PAGE_SHIFT), 0,
            WR_HERE);
    gup_put_folio(page_folio(page), 1, walk->flags);
  }
  walk->nr = 0;
}

// Leaves interrupts off, for the caller to restore, only where "irq-restore" is in force and
// pages are missing.
int lockless_pages_from_mm(struct mm_struct* mm, unsigned long start, unsigned long end,
                           struct gup_walk* walk, bool* irq_flags, bool* irqs_left_off) {
  uint64_t seq = 0;
  const bool heeds_fork = (walk->flags & FOLL_PIN) != 0 && !is_cut("fork-seqcount");
  if (heeds_fork) {
    seq = raw_read_seqcount(&mm->write_protect_seq);
    if ((seq & 1) != 0) return 0;
  }
  // ORDER(D irq-off-walk): no table that the walk can reach is freed before interrupts are on
  // again: IPIs wait for it, and so does RCU. Under rcu_read_lock alone no IPI waits for it: a
  // table that is freed after an IPI, or deposited after tlb_remove_table_sync_one, goes away.
  if (is_cut("walk-irqs-off")) {
    rcu_read_lock();
    gup_pgd_range(mm, start, end, walk);
    rcu_read_unlock();
  } else {
    local_irq_save(*irq_flags);
    gup_pgd_range(mm, start, end, walk);
    *irqs_left_off = is_cut("irq-restore") && walk->nr < (int)((end - start) >> PAGE_SHIFT);
    if (!*irqs_left_off) local_irq_restore(*irq_flags);
  }
  // ORDER(N count-then-protect): fork looks at the counts and write-protects between two changes of
  // the sequence: what was pinned meanwhile is put back.
  if (heeds_fork && read_seqcount_retry(&mm->write_protect_seq, seq)) {
    undo_walk(walk, start);
  }
  return walk->nr;
}

}  // namespace

int internal_get_user_pages_fast(struct mm_struct* mm, unsigned long start, int nr_pages,
                                 unsigned gup_flags, struct page** pages) {
  const unsigned long end = start + ((unsigned long)nr_pages << PAGE_SHIFT);
  struct gup_walk walk = {gup_flags, pages, 0};
  bool irq_flags = true;
  bool irqs_left_off = false;
  wr_note(WR_NOTE_GUP_BEGIN, nullptr, start, (uint64_t)gup_flags << 32 | (unsigned)nr_pages,
          WR_HERE);
  int nr = lockless_pages_from_mm(mm, start, end, &walk, &irq_flags, &irqs_left_off);
  if (nr < nr_pages) {
    mmap_read_lock(mm);
    if (irqs_left_off) local_irq_restore(irq_flags);
    nr += __get_user_pages(mm, start + ((unsigned long)nr << PAGE_SHIFT), nr_pages - nr, gup_flags,
                           pages + nr);
    mmap_read_unlock(mm);
  }
  for (int i = 0; i < nr; ++i) {
    wr_note(WR_NOTE_PAGE_RETURNED, &pages[i]->_refcount, start + ((unsigned long)i << PAGE_SHIFT),
            (uint64_t)gup_flags << 32 | page_to_pfn(pages[i]), WR_HERE);
  }
  wr_note(WR_NOTE_GUP_END, nullptr, (uint64_t)nr, 0, WR_HERE);
  return nr;
}

void unpin_user_page(struct page* page, unsigned long address) {
  wr_note(WR_NOTE_PAGE_PUT, &page->_refcount, address, (uint64_t)FOLL_PIN << 32 | page_to_pfn(page),
          WR_HERE);
  gup_put_folio(page_folio(page), 1, FOLL_PIN);
}

void put_user_page(struct page* page, unsigned long address) {
  wr_note(WR_NOTE_PAGE_PUT, &page->_refcount, address, (uint64_t)FOLL_GET << 32 | page_to_pfn(page),
          WR_HERE);
  gup_put_folio(page_folio(page), 1, FOLL_GET);
}
