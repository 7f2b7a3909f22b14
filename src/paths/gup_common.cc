// Mirrors try_get_folio(), try_grab_folio() and gup_put_folio(), mm/gup.c, v6.1.
// Leaves out: device-managed pages, the pinnable test of FOLL_LONGTERM, statistics.
#include "kernel/barrier.h"
#include "kernel/page_ref.h"
#include "paths/cuts.h"
#include "paths/paths.h"

static struct folio* try_get_folio(struct page* page, int refs) {
  for (;;) {
    struct folio* folio = page_folio(page);
    // ORDER(BA refuse-then-wrap): half of the counter's range stands between the first count that
    // is refused and zero: more than all CPUs that have looked already can add. Without it the
    // count wraps, and a put frees what others hold.
    if (folio_ref_count(folio) < 0 && !is_cut("ref-overflow")) return nullptr;
    // ORDER(E reference-unless-zero): a count of zero belongs to the allocator. Without the test a
    // folio that zap has just freed comes back to life, and is freed twice.
    if (is_cut("unless-zero")) {
      folio_ref_add(folio, refs);
    } else if (is_cut("reference-order") ? !folio_ref_try_add_relaxed(folio, refs)
                                         : !folio_ref_try_add_rcu(folio, refs)) {
      return nullptr;
    }
    // ORDER(F reference-then-head): between reading the head and the reference the page may have
    // been split off, or freed and become part of another folio.
    if (is_cut("head-recheck") || page_folio(page) == folio) return folio;
    folio_put_refs(folio, refs);
  }
}

struct folio* try_grab_folio(struct page* page, int refs, unsigned flags) {
  struct folio* folio = try_get_folio(page, refs);
  if (folio == nullptr || (flags & FOLL_PIN) == 0) return folio;
  if (folio_test_large(folio)) {
    atomic_add(refs, folio_pincount_ptr(folio));
  } else {
    folio_ref_add(folio, refs * (GUP_PIN_COUNTING_BIAS - 1));
  }
  // ORDER(A pin-then-recheck): the pin, then the re-reads of the entries and the test of
  // PageAnonExclusive; pairs with the mutator's clear, then count.
  if (!is_cut("pin-barrier")) smp_mb__after_atomic();
  return folio;
}

void gup_put_folio(struct folio* folio, int refs, unsigned flags) {
  if ((flags & FOLL_PIN) != 0) {
    if (folio_test_large(folio)) {
      atomic_sub(refs, folio_pincount_ptr(folio));
    } else {
      refs *= GUP_PIN_COUNTING_BIAS;
    }
  }
  folio_put_refs(folio, refs);
}
