// The facts that oracles are told of a mutator of the tree's: its code does not say them, so they
// are read off what it does, by the rules beside each. Private to src/machine.
#ifndef WALKRACE_MACHINE_TREE_NOTES_H_
#define WALKRACE_MACHINE_TREE_NOTES_H_

#include <cstdint>

#include "machine/tree_view.h"

namespace walkrace {

void ResetTreeNotes();

// pmdp_collapse_flush() is about to clear: the collapse of this region begins (UNMAP_BEGIN).
void NoteTreeCollapseBegin(const void* pmdp, uint64_t address, const wr_site* site);
// A reference count was read where the tree looks whether a page is held (COUNT_CHECK).
void NoteTreeLoad(const TreeField& field, uint64_t value, const wr_site* site);
// An entry of the region's table was cleared while it is out of the tree of tables: its page's
// place is taken by the huge one (PAGE_REPLACED).
void NoteTreeEntryClear(const void* entry, uint64_t value, const wr_site* site);
// The region's pmd links to the table again (BACKED_OFF), or to the huge page (MUTATOR_END).
void NoteTreeEntryStore(const void* entry, uint64_t value, const wr_site* site);

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_TREE_NOTES_H_
