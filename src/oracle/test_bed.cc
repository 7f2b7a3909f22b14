#include "oracle/test_bed.h"

#include "base/check.h"
#include "kernel/barrier.h"
#include "kernel/mm.h"
#include "kernel/runtime.h"
#include "kernel/tlb.h"
#include "kernel/user_access.h"
#include "machine/machine.h"

namespace walkrace {
namespace {

Engine& TheEngine() {
  // Never destroyed: the engine's threads outlive main.
  static Engine& engine = *new Engine(OsThreads());
  return engine;
}

class Judge final : public EventListener {
 public:
  bool OnEvent(const Event& event) override { return oracles.OnEvent(event); }
  OracleSet oracles;
};

Judge& TheJudge() {
  static Judge& judge = *new Judge;
  return judge;
}

// The memory of the first object that answers the description. No event.
uint64_t* Find(ObjectKind kind, int frame, int index = 0) {
  for (LocationId location = 0;; ++location) {
    const Object& object = ObjectAt(location);
    if (object.kind == kind && object.frame == frame && object.index == index) {
      return static_cast<uint64_t*>(TheEngine().AddressOf(location));
    }
  }
}

// As the machine numbers them.
constexpr int kPmdTable = 3;
constexpr int kPmdTableOfMm1 = 7;
constexpr int kFirstPteTable = 10;

uint64_t* Pmd() { return Find(ObjectKind::kPmd, kPmdTable, 0); }
uint64_t* Pte(int page) { return Find(ObjectKind::kPte, kFirstPteTable, page); }
page* Page(uint16_t pfn) { return pfn_to_page(pfn); }
folio* Folio(uint16_t pfn) { return reinterpret_cast<folio*>(Page(pfn)); }
uint64_t Start() { return kAreaStart; }
uint64_t End() { return kAreaStart + HPAGE_PMD_SIZE; }

uint64_t cleared_pmd;

}  // namespace

// Gives each step its turn.
class Script::InTurn final : public Strategy {
 public:
  explicit InTurn(const Script& script) : script_(script) {}
  void Begin(int /*cpu_count*/, uint64_t /*seed*/) override {}
  CpuId Pick(const Choice& choice) override {
    if (script_.turn_ == script_.steps_.size()) return DefaultPick(choice);
    const CpuId next = script_.steps_[script_.turn_].cpu;
    return (choice.runnable >> next & 1) != 0 ? next : DefaultPick(choice);
  }

 private:
  const Script& script_;
};

Script::Script(const Layout& layout, const char* profile)
    : layout_(layout), profile_(*FindProfile(profile)) {}

Script& Script::On(CpuId cpu, std::function<void()> what) {
  steps_.push_back({cpu, std::move(what)});
  return *this;
}

Script& Script::InMm1(CpuId cpu) {
  mms_.of_cpu[cpu] = 1;
  mms_.mm_count = 2;
  return *this;
}

void Script::RunCpu(void* self, CpuId cpu) {
  Script& script = *static_cast<Script*>(self);
  for (const Step& step : script.steps_) {
    if (step.cpu != cpu) continue;
    smp_mb();  // waits here for its turn
    step.what();
    ++script.turn_;
  }
}

const Violation& Script::Run() {
  turn_ = 0;
  BindKernel(&TheEngine());
  BindMachine(&TheEngine());
  BeginKernel();
  BeginMachine(layout_, mms_, profile_);
  TheEngine().set_listener(&TheJudge());
  OracleSet& oracles = TheJudge().oracles;
  oracles.Begin(&TheEngine());
  int cpu_count = 2;
  for (const Step& step : steps_) cpu_count = step.cpu >= cpu_count ? step.cpu + 1 : cpu_count;
  InTurn strategy(*this);
  const RunResult result = TheEngine().Run(strategy, 0, cpu_count, &Script::RunCpu, this);
  if (result.outcome == Outcome::kFinished) oracles.End();
  if (result.outcome == Outcome::kDeadlock) oracles.ReportProgress(TheEngine(), true);
  if (result.outcome == Outcome::kStepBound) oracles.ReportProgress(TheEngine(), false);
  return oracles.violation();
}

const Engine& Script::engine() const { return TheEngine(); }
const MappingHistory& Script::mappings() const { return TheJudge().oracles.mappings(); }

std::string Script::Verdict() const {
  const Violation& violation = TheJudge().oracles.violation();
  if (violation.oracle == nullptr) return "clean";
  const auto function = [&](uint32_t event) -> std::string {
    return event == kNoEvent ? "-" : engine().events()[event].site->function;
  };
  return std::string(violation.oracle) + ": " + function(violation.first_event) + " / " +
         function(violation.second_event);
}

Layout EmptyLayout() {
  Layout layout;
  for (PageState& page : layout.pages) page = PageState::kNone;
  return layout;
}

Layout HugeLayout() {
  Layout layout = EmptyLayout();
  layout.huge[0] = true;
  for (int page = 0; page < kPagesPerRegion; ++page) layout.pages[page] = PageState::kWritable;
  return layout;
}

void GupBegin(int page, unsigned flags) {
  wr_note(WR_NOTE_GUP_BEGIN, nullptr, AddressOfPage(page), uint64_t{flags} << 32 | 1, WR_HERE);
}
bool Take(uint16_t head, int count) { return folio_ref_try_add_rcu(Folio(head), count); }
void PutBack(uint16_t head, int count) { folio_put_refs(Folio(head), count); }
void Return(int page, uint16_t pfn, unsigned flags) {
  wr_note(WR_NOTE_PAGE_RETURNED, &Page(pfn)->_refcount, AddressOfPage(page),
          uint64_t{flags} << 32 | pfn, WR_HERE);
}
void GupEnd() { wr_note(WR_NOTE_GUP_END, nullptr, 1, 0, WR_HERE); }

void PutPage(int page, uint16_t pfn, unsigned flags) {
  wr_note(WR_NOTE_PAGE_PUT, &Page(pfn)->_refcount, AddressOfPage(page), uint64_t{flags} << 32 | pfn,
          WR_HERE);
  const FolioCounts counts = CountsOf(pfn);
  int count = 1;
  if ((flags & FOLL_PIN) != 0) {
    if (counts.pages > 1) {
      AddToPincount(counts.head, -1);
    } else {
      count = GUP_PIN_COUNTING_BIAS;
    }
  }
  PutBack(counts.head, count);
}

void Pin(int page, uint16_t pfn, unsigned flags) {
  GupBegin(page, flags);
  const FolioCounts counts = CountsOf(pfn);
  WR_CHECK(Take(counts.head));
  if ((flags & FOLL_PIN) != 0) {
    if (counts.pages > 1) {
      AddToPincount(counts.head, 1);
    } else {
      AddToCount(counts.head, GUP_PIN_COUNTING_BIAS - 1);
    }
  }
  Return(page, pfn, flags);
  GupEnd();
}

void UnmapBegin() { wr_note(WR_NOTE_UNMAP_BEGIN, nullptr, Start(), End(), WR_HERE); }
void ClearPmd() { cleared_pmd = wr_rmw(Pmd(), 8, WR_XCHG, 0, 0, WR_FULL, WR_ENTRY, 0, WR_HERE); }
void RestorePmd() { wr_store(Pmd(), 8, cleared_pmd, WR_RELAXED, WR_ENTRY, WR_HERE); }
void Look(int page, uint16_t pfn) {
  (void)page_count(Page(pfn));
  wr_note(WR_NOTE_COUNT_CHECK, &Page(pfn)->_refcount, AddressOfPage(page), pfn, WR_HERE);
}
void Replace(int page, uint16_t pfn) {
  wr_note(WR_NOTE_PAGE_REPLACED, &Page(pfn)->_refcount, AddressOfPage(page), pfn, WR_HERE);
}
void BackOff() { wr_note(WR_NOTE_BACKED_OFF, nullptr, Start(), End(), WR_HERE); }
void MutatorEnd() { wr_note(WR_NOTE_MUTATOR_END, nullptr, Start(), End(), WR_HERE); }
void SetFileSlot(int file_page, uint16_t pfn) { WRITE_ONCE(wr_file()->i_pages[file_page], pfn); }
void FileReplaceBegin(int file_page) {
  wr_note(WR_NOTE_FILE_REPLACE_BEGIN, nullptr, file_page, file_page + 1, WR_HERE);
}
void FileBackOff(int file_page) {
  wr_note(WR_NOTE_FILE_BACKED_OFF, nullptr, file_page, file_page + 1, WR_HERE);
}
void DiscardBegin(int page) {
  wr_note(WR_NOTE_DISCARD_BEGIN, nullptr, AddressOfPage(page), AddressOfPage(page + 1), WR_HERE);
}
void DiscardEnd(int page) {
  wr_note(WR_NOTE_DISCARD_END, nullptr, AddressOfPage(page), AddressOfPage(page + 1), WR_HERE);
}

uint64_t* EntryOfPmd() { return Pmd(); }
uint64_t* EntryOfPte(int page) { return Pte(page); }
void ReadPmd() { (void)wr_load(Pmd(), 8, WR_RELAXED, WR_ENTRY, WR_HERE); }
void ReadPte(int page) { (void)wr_load(Pte(page), 8, WR_RELAXED, WR_ENTRY, WR_HERE); }
void SetPte(int page, uint16_t pfn, bool writable) {
  page_add_rmap(Page(pfn));
  const pte_t pte = writable ? pte_mkwrite(pfn_pte(pfn)) : pfn_pte(pfn);
  wr_store(Pte(page), 8, pte_val(pte), WR_RELAXED, WR_ENTRY, WR_HERE);
}
void ClearPte(int page) {
  (void)wr_rmw(Pte(page), 8, WR_XCHG, 0, 0, WR_RELAXED, WR_ENTRY, nullptr, WR_HERE);
}
void DropMapping(uint16_t pfn) {
  page_remove_rmap(Page(pfn));
  folio_put(Folio(pfn));
}
uint16_t Alloc(unsigned order) { return page_to_pfn(&folio_alloc(order)->page); }
void AddToCount(uint16_t pfn, int64_t count) { atomic_add(count, &Page(pfn)->_refcount); }
void AddToMapcount(uint16_t pfn, int64_t count) { atomic_add(count, &Page(pfn)->_mapcount); }
void AddToPincount(uint16_t pfn, int64_t count) { atomic_add(count, &Page(pfn)->_pincount); }

void UserWrite(int page, uint64_t value) {
  WR_CHECK(wr_user_write(MachineMm(), AddressOfPage(page), value, WR_HERE));
}
uint64_t UserRead(int page) {
  uint64_t value = 0;
  WR_CHECK(wr_user_read(MachineMm(), AddressOfPage(page), &value, WR_HERE));
  return value;
}
void PinWrite(int page, uint16_t pfn, uint64_t value) {
  wr_pinned_write(Page(pfn), AddressOfPage(page), value, WR_HERE);
}
uint64_t PinRead(int page, uint16_t pfn) {
  return wr_pinned_read(Page(pfn), AddressOfPage(page), WR_HERE);
}
void Flush() { wr_flush_tlb_range(MachineMm(), Start(), Start() + kPagesMax * kBytesPerPage); }
void Scribble(uint16_t pfn, uint64_t value) { *Find(ObjectKind::kContent, pfn) = value; }

uint64_t* EntryOfChildPte(int page) {
  const uint64_t child_pmd = *Find(ObjectKind::kPmd, kPmdTableOfMm1, 0);
  return &pte_offset_kernel(__pmd(child_pmd), AddressOfPage(page))->pte;
}
void ForkPage(int page, uint16_t pfn) {
  uint64_t* child_pmd = Find(ObjectKind::kPmd, kPmdTableOfMm1, 0);
  if (*child_pmd == 0) {
    const uint64_t table = wr_table_to_pfn(pte_alloc_one(MachineMm(1)));
    wr_store(child_pmd, 8, wr_pfn_bits(table) | _PAGE_TABLE, WR_RELAXED, WR_ENTRY, WR_HERE);
  }
  folio_get(Folio(pfn));
  page_add_rmap(Page(pfn));
  ClearPageAnonExclusive(Page(pfn));
  const uint64_t entry = pte_val(pfn_pte(pfn));
  wr_store(Pte(page), 8, entry, WR_RELAXED, WR_ENTRY, WR_HERE);
  pte_t* child = pte_offset_kernel(__pmd(*child_pmd), AddressOfPage(page));
  wr_store(child, 8, entry, WR_RELAXED, WR_ENTRY, WR_HERE);
  wr_note(WR_NOTE_FORK_COPIED, nullptr, AddressOfPage(page), AddressOfPage(kPagesMax + page),
          WR_HERE);
}
void EndFork() { MutatorEnd(); }

void OpBegin() { wr_note(WR_NOTE_OP_BEGIN, nullptr, 0, 0, WR_HERE); }

}  // namespace walkrace
