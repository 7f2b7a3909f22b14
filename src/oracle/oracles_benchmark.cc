// What judging costs: all oracles over the recorded trace of one run (a pin of two pages, a
// collapse that backs off, writes through the pin, unpin), without the engine. Memory follows the
// trace, and is at its end what it was at the start.
#include <benchmark/benchmark.h>

#include "base/check.h"
#include "kernel/mm.h"
#include "kernel/user_access.h"
#include "machine/machine.h"
#include "oracle/test_bed.h"
#include "paths/paths.h"

namespace walkrace {
namespace {

std::vector<Event> Record(Script& script) {
  static page* pages[2];
  script
      .On(0,
          [] {
            OpBegin();
            WR_CHECK(internal_get_user_pages_fast(MachineMm(), AddressOfPage(0), 2,
                                                  FOLL_PIN | FOLL_WRITE, pages) == 2);
          })
      .On(1,
          [] {
            OpBegin();
            WR_CHECK(collapse_huge_page(find_vma(MachineMm(), AddressOfPage(0)),
                                        AddressOfPage(0)) == SCAN_PAGE_COUNT);
          })
      .On(0, [] {
        for (int n = 0; n < 2; ++n) wr_pinned_write(pages[n], AddressOfPage(n), 7 + n, WR_HERE);
        for (int n = 0; n < 2; ++n) unpin_user_page(pages[n], AddressOfPage(n));
      });
  WR_CHECK(script.Run().oracle == nullptr);
  const Engine& engine = script.engine();
  return {engine.events(), engine.events() + engine.event_count()};
}

bool Writes(const Event& event) {
  return (event.kind == EventKind::kStore || event.kind == EventKind::kRmw) &&
         event.location != kNoLocation;
}

// Argument: whether the oracles are given the events.
void BM_JudgeRun(benchmark::State& state) {
  Script script;
  const std::vector<Event> events = Record(script);
  const Engine& engine = script.engine();
  static OracleSet& oracles = *new OracleSet;
  const bool judge = state.range(0) != 0;
  for (auto _ : state) {
    if (judge) oracles.Begin(&engine);
    for (const Event& event : events) {
      if (Writes(event)) *static_cast<uint64_t*>(engine.AddressOf(event.location)) = event.after;
      if (judge) benchmark::DoNotOptimize(oracles.OnEvent(event));
    }
    if (judge) oracles.End();
    benchmark::ClobberMemory();
  }
  WR_CHECK(oracles.violation().oracle == nullptr);
  state.counters["events"] = static_cast<double>(events.size());
}
BENCHMARK(BM_JudgeRun)->Arg(0)->Arg(1);

}  // namespace
}  // namespace walkrace
