// Traces made by hand, for tests. Objects by name, as machine/inspect.h names them.
#ifndef WALKRACE_TRACE_TRACE_MAKER_H_
#define WALKRACE_TRACE_TRACE_MAKER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernel/notes.h"
#include "trace/trace_view.h"

namespace walkrace {

inline constexpr uint64_t kTable0 = 0x2100002067;  // a pmd's value: table T0
inline constexpr uint64_t kHugePmd = 0x4000000e7;  // folio32, writable
inline constexpr uint64_t kPteOfFolio1 = 0x1067;   // writable

// Returns kNoLocation for "". Fails a check where no object has the name.
LocationId LocationNamed(std::string_view name);

class TraceMaker {
 public:
  explicit TraceMaker(int cpu_count);

  // Each makes one step of `cpu` in `function` and returns its index.
  uint32_t Load(CpuId cpu, const char* function, std::string_view object, uint64_t value);
  uint32_t Store(CpuId cpu, const char* function, std::string_view object, uint64_t before,
                 uint64_t after);
  uint32_t Rmw(CpuId cpu, const char* function, std::string_view object, uint64_t before,
               uint64_t after);
  uint32_t Step(CpuId cpu, const char* function, EventKind kind, std::string_view object = "",
                uint64_t before = 0, uint64_t after = 0, uint8_t detail = 0);
  // A note; no step.
  uint32_t Note(CpuId cpu, const char* function, wr_note_kind what, std::string_view object,
                uint64_t a, uint64_t b);
  uint32_t Add(const Event& event);

  void Violate(const char* oracle, const char* message, uint32_t first, uint32_t second);
  void Preempt(CpuId cpu, uint16_t event, CpuId to);
  // The load at this index read what the store at `store` left, or what was there at first.
  void MakeOld(uint32_t load, uint32_t store);

  Scenario& scenario() { return scenario_; }
  Violation& violation() { return violation_; }
  std::vector<Event>& events() { return events_; }
  TraceView View() const;

 private:
  std::vector<Event> events_;
  Scenario scenario_;
  Violation violation_;
  Schedule preemptions_;
  std::vector<Engine::OldLoad> old_loads_;
  uint32_t step_ = 0;
  uint16_t numbers_[kCpusMax] = {};
};

// The seed's race in a dozen events: CPU 0 pins page 0, CPU 1 collapses its region.
TraceMaker SeedRace();

// Address of an area page.
constexpr uint64_t AddressOf(int page) { return kAreaStart + page * kBytesPerPage; }

}  // namespace walkrace

#endif  // WALKRACE_TRACE_TRACE_MAKER_H_
