// The facts that the code under test tells oracles and readers, beside its accesses. C-compatible.
// Each note carries an object (a location, or none) and two numbers, `a` and `b`. An address is a
// user virtual address; a pfn is a frame number.
#ifndef WALKRACE_KERNEL_NOTES_H_
#define WALKRACE_KERNEL_NOTES_H_

enum wr_note_kind {
  // Operations of the scenario.               object          a               b
  WR_NOTE_OP_BEGIN,  //                 -               index           operation kind
  WR_NOTE_OP_END,    //                 -               index           0
  // GUP.
  WR_NOTE_GUP_BEGIN,      //                 -               start address   pages | FOLL_* << 32
  WR_NOTE_PAGE_RETURNED,  //                 page refcount   address         pfn | FOLL_* << 32
  WR_NOTE_GUP_END,        //                 -               pages returned  0
  WR_NOTE_PAGE_PUT,       //                 page refcount   address         pfn | FOLL_* << 32
  // Mutators: a check is the moment when it looks at the counts and decides to go on.
  WR_NOTE_UNMAP_BEGIN,    //                 -               start address   end address
  WR_NOTE_COUNT_CHECK,    //                 folio refcount  address         pfn | counts << 32
  WR_NOTE_PAGE_REPLACED,  //                 folio refcount  address         pfn | counts << 32
  WR_NOTE_BACKED_OFF,     //                 -               start address   end address
  WR_NOTE_MUTATOR_END,    //                 -               start address   end address
  WR_NOTE_DISCARD_BEGIN,  //                 -               start address   end address
  WR_NOTE_DISCARD_END,    //                 -               start address   end address
  // Life of folios and tables.
  WR_NOTE_FOLIO_ALLOC,     //                 folio refcount  pfn             order
  WR_NOTE_FOLIO_FREE,      //                 folio refcount  pfn             order
  WR_NOTE_TABLE_ALLOC,     //                 entry 0         table pfn       0
  WR_NOTE_TABLE_FREE,      //                 entry 0         table pfn       0
  WR_NOTE_TABLE_DEPOSIT,   //                 entry 0         table pfn       0
  WR_NOTE_TABLE_WITHDRAW,  //                 entry 0         table pfn       0
  // User memory; the access itself is the event before the note.
  WR_NOTE_USER_READ,   //                 content         address         value
  WR_NOTE_USER_WRITE,  //                 content         address         value
  WR_NOTE_PIN_READ,    //                 content         address         value
  WR_NOTE_PIN_WRITE,   //                 content         address         value
  // The lockless walk of GUP.                    object          a               b
  WR_NOTE_ENTRY_CHECKED,  //                 entry           address         value that was tested
  WR_NOTE_PAGE_KEPT,      //                 page refcount   address         pfn; 0: put back again
  // mremap: from the first on, what is at a page is at the new place as well; from the second on
  // it is at the new place alone. Of as many pages as a region has.
  WR_NOTE_MOVE_BEGIN,  //                 -               start address   new start address
  WR_NOTE_MOVE_END,    //                 -               start address   new start address
  // Copy-on-write. MUTATOR_END of the same CPU: the parent's TLBs are flushed, the fork is over.
  WR_NOTE_FORK_COPIED,  //                 -               parent address  child address
  // An entry was read in halves: what they make together. The loads before have four bytes each.
  WR_NOTE_ENTRY_READ,  //                 entry           value           0
  // Truncation: what the pages of a file hold is discarded, wherever they are mapped. Counted as by
  // FilePageOf().
  WR_NOTE_FILE_DISCARD_BEGIN,  //         -               first page      page behind the last
  WR_NOTE_FILE_DISCARD_END,    //         -               first page      page behind the last
  // A folio's mapping was tested, and what is used from here on is this value.
  WR_NOTE_MAPPING_TESTED,  //             page mapping    value           0
  // MADV_FREE: from its begin on the pages may show zero, until they are written again.
  WR_NOTE_LAZY_FREE_BEGIN,  //            -               start address   end address
  WR_NOTE_LAZY_FREE_END,    //            -               start address   end address
  // Collapse of file memory is about to put another page into the page cache, and has put back what
  // was there. What it has unmapped stays so: the next fault finds the page.
  WR_NOTE_FILE_REPLACE_BEGIN,  //         -               first page      page behind the last
  WR_NOTE_FILE_BACKED_OFF,     //         -               first page      page behind the last
  WR_NOTE_COUNT,
};

// Which references a mutator must count before it goes on.
enum wr_counts {
  WR_COUNTS_ANY,   // every one: collapse, migration, KSM
  WR_COUNTS_PINS,  // FOLL_PIN alone: fork, swap-out
  // FOLL_WRITE alone: KSM. It looks at every reference, but from then to the replacement others may
  // read the page, which holds what the other one does.
  WR_COUNTS_WRITES,
  WR_COUNTS_KINDS,
};

#endif  // WALKRACE_KERNEL_NOTES_H_
