#include "kernel/user_access.h"

#include "engine/steps.h"
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/swap.h"
#include "machine/arena.h"
#include "machine/machine.h"
#include "machine/tlb_state.h"
#include "machine/touched.h"

namespace walkrace {
namespace {

// Finds the translation that this CPU's TLB has, or fills it by a walk. Returns null on a fault.
const Translation* Lookup(int page, bool write, const wr_site* site) {
  Engine& engine = MachineEngine();
  const CpuId cpu = engine.current();
  const Translation* entry = TlbEntry(cpu, page);
  if (entry != nullptr && (!write || (entry->writable && !TlbEntryIsClean(cpu, page))))
    return entry;
  TouchWay(page);
  const Translation walked = TranslateByHardware(page);
  if (walked.pfn == 0 || (write && !walked.writable)) return nullptr;
  bool clean = wr_reclaim_begun() && IsCleanForHardware(page);
  if (write && clean) {
    // Where entries are cleared by plain accesses, software keeps the dirty bit: the write faults.
    if (ActiveProfile().clear == Clear::kPlain) return nullptr;
    SetDirtyByHardware(page);
    clean = false;
  }
  FillTlb(cpu, page, walked);
  SetTlbEntryClean(cpu, page, clean);
  engine.Note(EventKind::kTlb, kTlbFill, kNoLocation, page, walked.pfn, site, cpu);
  return TlbEntry(cpu, page);
}

bool UserAccess(unsigned long address, bool write, uint64_t* value, const wr_site* site) {
  Engine& engine = MachineEngine();
  const int page = AreaPage(address);
  engine.Arrive({write ? EventKind::kStore : EventKind::kLoad, 0, Order::kPlain, 8, kNoLocation,
                 site, nullptr, nullptr});
  const Translation* entry = Lookup(page, write, site);
  if (entry == nullptr) {
    engine.Note(EventKind::kTlb, kTlbPageFault, kNoLocation, page, 0, site, engine.current());
    engine.Complete(0, 0);
    return false;
  }
  uint64_t& content = arena.content[entry->pfn];
  const uint64_t before = content;
  if (write) content = *value;
  *value = content;
  engine.ResolveLocation(engine.LocationOf(&content));
  engine.Complete(before, content);
  wr_note(write ? WR_NOTE_USER_WRITE : WR_NOTE_USER_READ, &content, address, *value, site);
  return true;
}

}  // namespace
}  // namespace walkrace

using namespace walkrace;

extern "C" {

bool wr_user_read(struct mm_struct* /*mm*/, unsigned long address, uint64_t* value,
                  const wr_site* site) {
  return UserAccess(address, false, value, site);
}

bool wr_user_write(struct mm_struct* /*mm*/, unsigned long address, uint64_t value,
                   const wr_site* site) {
  return UserAccess(address, true, &value, site);
}

bool wr_guest_access(struct mm_struct* mm, unsigned long address, bool write, const wr_site* site) {
  Engine& engine = MachineEngine();
  kvm& kvm = *wr_kvm_of(mm);
  engine.Arrive({write ? EventKind::kStore : EventKind::kLoad, 0, Order::kPlain, 8, kNoLocation,
                 site, nullptr, nullptr});
  TouchWords(wr_spte_of(mm, address), 1, Touched::kRead);
  const unsigned long spte = *wr_spte_of(mm, address);
  if (spte == 0 || (write && (spte & _PAGE_RW) == 0)) {
    engine.Note(EventKind::kTlb, kTlbPageFault, kNoLocation, AreaPage(address), 0, site,
                engine.current());
    engine.Complete(0, 0);
    return false;
  }
  constexpr uint64_t kFirstGuestValue = 500000;
  uint64_t& content = arena.content[wr_pfn_of(spte)];
  const uint64_t before = content;
  if (write) TouchWords(&kvm.writes, 1, Touched::kWrite);
  if (write) content = kFirstGuestValue + mm->id * 1000 + kvm.writes++;
  engine.ResolveLocation(engine.LocationOf(&content));
  engine.Complete(before, content);
  wr_note(write ? WR_NOTE_USER_WRITE : WR_NOTE_USER_READ, &content, address, content, site);
  return true;
}

void wr_file_write_out(const struct page* page, unsigned long index, const wr_site* site) {
  const uint64_t content = wr_load(&arena.content[page_to_pfn(page)], 8, WR_PLAIN, WR_USER, site);
  TouchWords(&arena.file.i_disk[index], 1, Touched::kWrite);
  arena.file.i_disk[index] = content;
}

void wr_file_read_in(struct page* page, unsigned long index) {
  TouchWords(&arena.file.i_disk[index], 1, Touched::kRead);
  TouchWords(&arena.content[page_to_pfn(page)], 1, Touched::kWrite);
  arena.content[page_to_pfn(page)] = arena.file.i_disk[index];
}

bool wr_file_is_out(unsigned long index) {
  TouchWords(&arena.file.i_disk[index], 1, Touched::kRead);
  return arena.file.i_disk[index] != 0;
}
void wr_file_forget(unsigned long index) {
  TouchWords(&arena.file.i_disk[index], 1, Touched::kWrite);
  arena.file.i_disk[index] = 0;
}

void wr_clear_user_highpage(struct page* page, const struct wr_site* site) {
  wr_store(&arena.content[page_to_pfn(page)], 8, 0, WR_PLAIN, WR_USER, site);
}

uint64_t wr_pinned_read(struct page* page, unsigned long address, const wr_site* site) {
  uint64_t* content = &arena.content[page_to_pfn(page)];
  const uint64_t value = wr_load(content, 8, WR_PLAIN, WR_USER, site);
  wr_note(WR_NOTE_PIN_READ, content, address, value, site);
  return value;
}

void wr_pinned_write(struct page* page, unsigned long address, uint64_t value,
                     const wr_site* site) {
  uint64_t* content = &arena.content[page_to_pfn(page)];
  wr_store(content, 8, value, WR_PLAIN, WR_USER, site);
  wr_note(WR_NOTE_PIN_WRITE, content, address, value, site);
}

uint64_t wr_page_content(const struct page* page, const wr_site* site) {
  return wr_load(&arena.content[page_to_pfn(page)], 8, WR_PLAIN, WR_USER, site);
}

void wr_copy_user_highpage(struct page* to, const struct page* from, const wr_site* site) {
  const uint64_t content = wr_load(&arena.content[page_to_pfn(from)], 8, WR_PLAIN, WR_USER, site);
  TouchWords(&arena.content[page_to_pfn(to)], 1, Touched::kWrite);
  arena.content[page_to_pfn(to)] = content;
}

}  // extern "C"
