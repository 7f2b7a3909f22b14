#include "harness/operations.h"

#include "base/check.h"
#include "base/fixed_vector.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/user_access.h"
#include "machine/machine.h"
#include "paths/paths.h"

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

// What the n-th write of an operation writes: no two writes of a run write the same.
uint64_t ValueOf(CpuId cpu, int operation, int nth) {
  return (cpu + 1) * 10000 + (operation + 1) * 100 + nth;
}

void Gup(CpuId cpu, const Operation& operation) {
  const unsigned flags = ((operation.flags & kGupPin) != 0 ? FOLL_PIN : FOLL_GET) |
                         ((operation.flags & kGupWrite) != 0 ? FOLL_WRITE : 0);
  const unsigned long start = AddressOfPage(operation.page);
  page* pages[kPagesMax];
  const int count = internal_get_user_pages_fast(MachineMm(), start, operation.count, flags, pages);
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
    if ((reference.flags & FOLL_PIN) != 0) {
      unpin_user_page(reference.of, reference.address);
    } else {
      put_user_page(reference.of, reference.address);
    }
  }
  held[cpu].clear();
}

void Fault(const Operation& operation) {
  mm_struct* mm = MachineMm();
  mmap_read_lock(mm);
  (void)handle_mm_fault(mm, AddressOfPage(operation.page), true);
  mmap_read_unlock(mm);
}

void RunOperation(CpuId cpu, int index, const Operation& operation) {
  const unsigned long start = AddressOfPage(operation.page);
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
    case OperationKind::kCollapse:
      (void)collapse_huge_page(MachineVma(), start);
      return;
    case OperationKind::kZap:
      return madvise_dontneed_single_vma(MachineVma(), start, start + operation.count * PAGE_SIZE);
    case OperationKind::kFault:
      return Fault(operation);
    // A program whose memory ran out is killed: nothing more to judge.
    case OperationKind::kRead:
      (void)user_read(MachineMm(), start, &value);
      return;
    case OperationKind::kWrite:
      (void)user_write(MachineMm(), start, ValueOf(cpu, index, 0));
      return;
    case OperationKind::kCount:
      break;
  }
  WR_CHECK(false);
}

}  // namespace

void BeginOperations() {
  for (auto& references : held) references.clear();
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
