#include "trace/trace_maker.h"

#include <map>
#include <string>

#include "base/check.h"
#include "machine/inspect.h"

namespace walkrace {
namespace {

constexpr LocationId kLocationsMax = 1 << 14;

// Sites must outlive their events; one a function is enough, and tests are short. The line is the
// length of the name.
const wr_site* SiteIn(const char* function) {
  static std::map<std::string, wr_site> sites;
  const auto [site, added] = sites.try_emplace(function);
  if (added) {
    site->second = {"src/paths/test.cc", site->first.c_str(), static_cast<int>(site->first.size())};
  }
  return &site->second;
}

}  // namespace

LocationId LocationNamed(std::string_view name) {
  if (name.empty()) return kNoLocation;
  for (LocationId location = 0; location < kLocationsMax; ++location) {
    if (NameOf(location) == name) return location;
  }
  WR_CHECK(!"no object of this name");
  return kNoLocation;
}

TraceMaker::TraceMaker(int cpu_count) { scenario_.cpu_count = static_cast<uint8_t>(cpu_count); }

uint32_t TraceMaker::Load(CpuId cpu, const char* function, std::string_view object,
                          uint64_t value) {
  return Step(cpu, function, EventKind::kLoad, object, value, value);
}

uint32_t TraceMaker::Store(CpuId cpu, const char* function, std::string_view object,
                           uint64_t before, uint64_t after) {
  return Step(cpu, function, EventKind::kStore, object, before, after);
}

uint32_t TraceMaker::Rmw(CpuId cpu, const char* function, std::string_view object, uint64_t before,
                         uint64_t after) {
  return Step(cpu, function, EventKind::kRmw, object, before, after);
}

uint32_t TraceMaker::Step(CpuId cpu, const char* function, EventKind kind, std::string_view object,
                          uint64_t before, uint64_t after, uint8_t detail) {
  return Add({.step = ++step_,
              .number = ++numbers_[cpu],
              .cpu = static_cast<uint8_t>(cpu),
              .kind = kind,
              .detail = detail,
              .order = Order::kRelaxed,
              .size = 8,
              .failed = false,
              .location = LocationNamed(object),
              .before = before,
              .after = after,
              .site = SiteIn(function)});
}

uint32_t TraceMaker::Note(CpuId cpu, const char* function, wr_note_kind what,
                          std::string_view object, uint64_t a, uint64_t b) {
  return Add({.step = step_,
              .number = static_cast<uint16_t>(numbers_[cpu] + 1),
              .cpu = static_cast<uint8_t>(cpu),
              .kind = EventKind::kNote,
              .detail = static_cast<uint8_t>(what),
              .order = Order::kPlain,
              .size = 0,
              .failed = false,
              .location = LocationNamed(object),
              .before = a,
              .after = b,
              .site = SiteIn(function)});
}

uint32_t TraceMaker::Add(const Event& event) {
  events_.push_back(event);
  return static_cast<uint32_t>(events_.size() - 1);
}

void TraceMaker::Violate(const char* oracle, const char* message, uint32_t first, uint32_t second) {
  violation_.oracle = oracle;
  violation_.step = step_;
  violation_.cpu = events_.empty() ? kNoCpu : events_.back().cpu;
  violation_.first_event = first;
  violation_.second_event = second;
  const std::string text = message;
  WR_CHECK(text.size() < sizeof(violation_.message));
  text.copy(violation_.message, text.size());
  violation_.message[text.size()] = '\0';
}

void TraceMaker::Preempt(CpuId cpu, uint16_t event, CpuId to) {
  WR_CHECK(preemptions_.push_back({event, static_cast<uint8_t>(cpu), static_cast<uint8_t>(to)}));
}

void TraceMaker::MakeOld(uint32_t load, uint32_t store) {
  Event& event = events_[load];
  event.detail = 1;
  WR_CHECK(preemptions_.push_back({event.number, event.cpu, 0, EntryKind::kOld, 1}));
  old_loads_.push_back({load, store, 0});
}

TraceView TraceMaker::View() const {
  return {.events = events_.data(),
          .count = events_.size(),
          .cpu_count = scenario_.cpu_count,
          .scenario = scenario_,
          .violation = violation_,
          .preemptions = preemptions_,
          .old_loads = old_loads_};
}

TraceMaker SeedRace() {
  TraceMaker run(2);
  WR_CHECK(run.scenario().cpus[0].push_back({OperationKind::kGup, 0, 1, kGupPin | kGupWrite}));
  WR_CHECK(run.scenario().cpus[1].push_back({OperationKind::kCollapse, 0, 0, 0}));
  run.Note(0, "RunOperations", WR_NOTE_OP_BEGIN, "", 0, 0);
  run.Load(0, "gup_pgd_range", "pgd[0]", 0x2000002067);
  run.Load(0, "gup_pud_range", "pud[1]", 0x2000003067);
  run.Load(0, "gup_pmd_range", "pmd[0]", kTable0);
  run.Load(0, "gup_pte_range", "T0.pte[0]", kPteOfFolio1);
  run.Note(1, "RunOperations", WR_NOTE_OP_BEGIN, "", 0, 4);
  run.Rmw(1, "pmdp_collapse_flush", "pmd[0]", kTable0, 0);
  run.Step(1, "pmdp_collapse_flush", EventKind::kTlb, "", 0, 8, kTlbFlushAll);
  const uint32_t look = run.Load(1, "is_refcount_suitable", "folio1.refcount", 1);
  run.Note(1, "is_refcount_suitable", WR_NOTE_COUNT_CHECK, "folio1.refcount", AddressOf(0), 1);
  const uint32_t take = run.Rmw(0, "try_get_folio", "folio1.refcount", 1, 2);
  run.Rmw(0, "try_grab_folio", "folio1.refcount", 2, 1025);
  run.Load(0, "gup_pte_range", "T0.pte[0]", kPteOfFolio1);
  run.Note(0, "internal_get_user_pages_fast", WR_NOTE_PAGE_RETURNED, "folio1.refcount",
           AddressOf(0), 1);
  run.Store(1, "__collapse_huge_page_copy", "T0.pte[0]", kPteOfFolio1, 0);
  run.Note(1, "__collapse_huge_page_copy", WR_NOTE_PAGE_REPLACED, "folio1.refcount", AddressOf(0),
           1);
  run.Violate("no-pinned-page-freed", "CPU 1 replaced page 0 (folio1), which CPU 0 holds", look,
              take);
  run.Preempt(0, 5, 1);
  run.Preempt(1, 4, 0);
  return run;
}

}  // namespace walkrace
