#include "machine/tree_notes.h"

#include <cstring>

#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/primitives.h"
#include "machine/arena.h"
#include "machine/inspect.h"

namespace walkrace {
namespace {

// A collapse under way on a CPU: from the clear of the pmd on.
struct Collapse {
  const void* pmdp = nullptr;
  const uint64_t* table = nullptr;
  uint64_t start = 0;
};
Collapse collapses[kCpusMax];

Collapse& Self() { return collapses[wr_cpu()]; }

// The address of an entry in the table that the collapse has unlinked, or 0.
uint64_t AddressIn(const Collapse& collapse, const void* entry) {
  const auto index = static_cast<const uint64_t*>(entry) - collapse.table;
  if (collapse.table == nullptr || index < 0 || index >= kEntriesPerTable) return 0;
  return collapse.start + index * PAGE_SIZE;
}

}  // namespace

void ResetTreeNotes() {
  for (Collapse& collapse : collapses) collapse = {};
}

void NoteTreeCollapseBegin(const void* pmdp, uint64_t address, const wr_site* site) {
  const uint64_t start = address & HPAGE_PMD_MASK;
  const EntryView view = DecodeEntry(ObjectKind::kPmd, *static_cast<const uint64_t*>(pmdp));
  Self() = {pmdp, view.kind == EntryView::kTable ? &EntryOf(view.frame, 0) : nullptr, start};
  wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, start, start + HPAGE_PMD_SIZE, site);
}

void NoteTreeLoad(const TreeField& field, uint64_t /*value*/, const wr_site* site) {
  if (field.kind != WR_TREE_REFCOUNT) return;
  const Collapse& collapse = Self();
  if (collapse.table == nullptr || std::strcmp(site->function, "is_refcount_suitable") != 0) return;
  // Of a large folio the one look is for each of its pages that is mapped here.
  for (int i = 0; i < kEntriesPerTable; ++i) {
    const EntryView view = DecodeEntry(ObjectKind::kPte, collapse.table[i]);
    if (view.kind != EntryView::kLeaf || CountsOf(view.frame).head != field.of) continue;
    wr_note(WR_NOTE_COUNT_CHECK, &arena.mem_map[view.frame]._refcount,
            collapse.start + i * PAGE_SIZE, view.frame, site);
  }
}

void NoteTreeEntryClear(const void* entry, uint64_t value, const wr_site* site) {
  const uint64_t address = AddressIn(Self(), entry);
  const EntryView view = DecodeEntry(ObjectKind::kPte, value);
  if (address == 0 || view.kind != EntryView::kLeaf) return;
  wr_note(WR_NOTE_PAGE_REPLACED, &arena.mem_map[view.frame]._refcount, address, view.frame, site);
}

void NoteTreeEntryStore(const void* entry, uint64_t value, const wr_site* site) {
  Collapse& collapse = Self();
  if (entry != collapse.pmdp) return;
  const EntryView view = DecodeEntry(ObjectKind::kPmd, value);
  if (view.kind != EntryView::kTable && view.kind != EntryView::kLeaf) return;
  wr_note(view.kind == EntryView::kTable ? WR_NOTE_BACKED_OFF : WR_NOTE_MUTATOR_END, nullptr,
          collapse.start, collapse.start + HPAGE_PMD_SIZE, site);
  collapse = {};
}

}  // namespace walkrace
