#include "harness/operations.h"

#include <algorithm>

#include "base/check.h"
#include "base/fixed_vector.h"
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/swap.h"
#include "kernel/user_access.h"
#include "machine/inspect.h"
#include "machine/machine.h"
#include "machine/tree.h"
#include "paths/paths.h"
#include "paths/tree_paths.h"
#include "scenario/operation_table.h"

namespace walkrace {
namespace {

// A reference that GUP returned to this CPU and that it has not put back.
struct HeldReference {
  page* of;
  unsigned long address;
  unsigned flags;  // FOLL_*
};

constexpr size_t kHeldMax = kOperationsMax * kPagesMax;
FixedVector<HeldReference, kHeldMax> held[kCpusMax];

unsigned long AddressOf(const mm_struct* mm, int page) {
  return AddressOfPage(static_cast<int>(mm->id) * kPagesMax + page);
}

// What the n-th write of an operation writes: no two writes of a run write the same.
uint64_t ValueOf(CpuId cpu, int operation, int nth) {
  return (cpu + 1) * 10000 + (operation + 1) * 100 + nth;
}

void Gup(CpuId cpu, const Operation& operation) {
  const unsigned flags = ((operation.flags & kGupPin) != 0 ? FOLL_PIN : FOLL_GET) |
                         ((operation.flags & kGupWrite) != 0 ? FOLL_WRITE : 0) |
                         ((operation.flags & kGupLongterm) != 0 ? FOLL_LONGTERM : 0);
  mm_struct* mm = wr_current_mm();
  const unsigned long start = AddressOf(mm, operation.page);
  page* pages[kPagesMax];
  const auto gup = TreeDoes(kTreeGup) ? tree_get_user_pages_fast : internal_get_user_pages_fast;
  const int count = gup(mm, start, operation.count, flags, pages);
  for (int i = 0; i < count; ++i) {
    WR_CHECK(held[cpu].push_back({pages[i], start + i * PAGE_SIZE, flags}));
  }
}

void WritePinned(CpuId cpu, int index) {
  int nth = 0;
  for (const HeldReference& reference : held[cpu]) {
    if ((reference.flags & FOLL_WRITE) == 0) continue;
    wr_pinned_write(reference.of, reference.address, ValueOf(cpu, index, nth++), WR_HERE);
  }
}

void ReadPinned(CpuId cpu) {
  for (const HeldReference& reference : held[cpu]) {
    (void)wr_pinned_read(reference.of, reference.address, WR_HERE);
  }
}

void Unpin(CpuId cpu) {
  for (const HeldReference& reference : held[cpu]) {
    // As unpin_user_pages_dirty_lock(): first the flag, then the reference.
    if ((reference.flags & FOLL_WRITE) != 0 && wr_reclaim_begun()) {
      SetPageDirty(&wr_folio_of_held(reference.of)->page);
    }
    if (TreeDoes(kTreeGup)) {
      tree_put_user_page(reference.of, reference.address, reference.flags);
    } else if ((reference.flags & FOLL_PIN) != 0) {
      unpin_user_page(reference.of, reference.address);
    } else {
      put_user_page(reference.of, reference.address);
    }
  }
  held[cpu].clear();
}

// See wr_begin_reclaim().
bool StartsFromPages(OperationKind kind) {
  switch (kind) {
    case OperationKind::kMigrate:
    case OperationKind::kReclaim:
    case OperationKind::kMadvFree:
    case OperationKind::kMigrateVma:
    case OperationKind::kNumaMigrate:
    case OperationKind::kKsm:
    case OperationKind::kHugetlbMigrate:
      return true;
    default:
      return false;
  }
}

bool CollapsesFiles(OperationKind kind) {
  return kind == OperationKind::kCollapseFile || kind == OperationKind::kKhugepagedFile ||
         kind == OperationKind::kPunchHole;
}

using Function = void (*)(mm_struct* mm, unsigned long start, unsigned long end, unsigned flags);

// What the tree in use does itself, or null.
Function FunctionOfTree(OperationKind kind) {
  switch (kind) {
    case OperationKind::kCollapse:
      return TreeDoes(kTreeCollapse) ? tree_collapse_region : nullptr;
    case OperationKind::kZap:
      return TreeDoes(kTreeZap) ? tree_madvise_dontneed : nullptr;
    default:
      return nullptr;
  }
}

// Null where the operation is more than one call: see RunOperation.
Function FunctionOf(OperationKind kind) {
  if (const Function of_tree = FunctionOfTree(kind); of_tree != nullptr) return of_tree;
  switch (kind) {
#define WR_OPERATION(kind, word, operand, takes, function, summary) \
  case OperationKind::kind:                                         \
    return function;
#include "paths/operations.def"
#undef WR_OPERATION
    default:
      return nullptr;
  }
}

// What a hugetlb region is, and what comes after it in its place, is for the paths that know of it.
// So is a DAX region.
// Returns false when nothing is left to do.
bool ClipToOrdinary(OperationKind kind, unsigned long first, unsigned long& count) {
  constexpr unsigned long kHugetlb = (kRegionsMax - 1) * kPagesPerRegion;
  const mm_struct* mm = MachineMm();
  const bool dax = vma_is_dax(find_vma(MachineMm(), AddressOf(mm, kHugetlb)));
  if (AreaStart() == kAreaStart && !dax && wr_hugetlb_size() != WR_HUGETLB_CONT_PTE) {
    return true;
  }
  switch (kind) {
    case OperationKind::kFault:
    case OperationKind::kHugetlbUnshare:
    case OperationKind::kHugetlbUnmap:
    case OperationKind::kHugetlbMigrate:
    case OperationKind::kDaxTruncate:
      return true;
    case OperationKind::kMremap:
      return false;
    default:
      break;
  }
  if (first >= kHugetlb) return false;
  count = std::min(count, kHugetlb - first);
  return true;
}

void Call(Function function, mm_struct* mm, const Operation& operation) {
  unsigned long first = operation.page;
  unsigned long count = 1;
  switch (RowOf(operation).operand) {
    case Operand::kNone:
      first = 0;
      count = kPagesMax;
      break;
    case Operand::kPage:
      break;
    case Operand::kPages:
      count = operation.count;
      break;
    case Operand::kRegion:
      count = kPagesPerRegion;
      break;
  }
  if (!ClipToOrdinary(operation.kind, first, count)) return;
  const unsigned long start = AddressOf(mm, first);
  function(mm, start, start + count * PAGE_SIZE, operation.flags);
}

void RunOperation(CpuId cpu, int index, const Operation& operation) {
  mm_struct* mm = wr_current_mm();
  const unsigned long address = AddressOf(mm, operation.page);
  uint64_t value;
  switch (operation.kind) {
    case OperationKind::kGup:
      return Gup(cpu, operation);
    case OperationKind::kWritePinned:
      return WritePinned(cpu, index);
    case OperationKind::kReadPinned:
      return ReadPinned(cpu);
    case OperationKind::kUnpin:
      return Unpin(cpu);
    // A program whose memory ran out is killed: nothing more to judge.
    case OperationKind::kRead:
      (void)user_read(mm, address, &value);
      return;
    case OperationKind::kWrite:
      (void)user_write(mm, address, ValueOf(cpu, index, 0));
      return;
    default:
      break;
  }
  const Function function = FunctionOf(operation.kind);
  WR_CHECK(function != nullptr);
  Call(function, mm, operation);
}

}  // namespace

void BeginOperations(const Scenario& scenario) {
  for (auto& references : held) references.clear();
  for (const OperationList& operations : scenario.cpus) {
    for (const Operation& operation : operations) {
      if (StartsFromPages(operation.kind)) wr_begin_reclaim();
      if (operation.kind == OperationKind::kSplit) wr_begin_rmap_walks();
      if (CollapsesFiles(operation.kind)) wr_begin_file_collapse();
    }
  }
}

void RunOperations(void* scenario, CpuId cpu) {
  const OperationList& operations = static_cast<const Scenario*>(scenario)->cpus[cpu];
  for (size_t i = 0; i < operations.size(); ++i) {
    const auto kind = static_cast<uint64_t>(operations[i].kind);
    wr_note(WR_NOTE_OP_BEGIN, nullptr, i, kind, WR_HERE);
    RunOperation(cpu, static_cast<int>(i), operations[i]);
    wr_note(WR_NOTE_OP_END, nullptr, i, kind, WR_HERE);
  }
}

}  // namespace walkrace
