#include "harness/describe.h"

#include "absl/strings/str_cat.h"
#include "trace/words.h"

namespace walkrace {
namespace {

// The name of the event with this number: executed, or still to come when the run was cut short.
// Empty where the CPU never got there.
std::string NameAt(const Engine& engine, CpuId cpu, uint16_t number) {
  if (cpu >= engine.cpu_count() || number == 0) return "";
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (event.cpu == cpu && event.number == number && event.kind != EventKind::kNote &&
        event.kind != EventKind::kRcuDone) {
      return EventName(event);
    }
  }
  if (engine.pending_number(cpu) != number) return "";
  const PendingEvent& pending = engine.pending(cpu);
  if (pending.site == nullptr) return "";
  Event event = {};
  event.kind = pending.kind;
  event.order = pending.order;
  event.location = pending.location;
  event.site = pending.site;
  return EventName(event);
}

const char* FunctionOf(const Engine& engine, uint32_t index) {
  if (index == kNoEvent || index >= engine.event_count()) return nullptr;
  const wr_site* site = engine.events()[index].site;
  return site == nullptr ? nullptr : site->function;
}

}  // namespace

void NamePreemptions(const Engine& engine, WalkFile& file) {
  file.preemption_names.clear();
  for (const Preemption& entry : file.input.schedule) {
    file.preemption_names.push_back(NameAt(engine, entry.cpu, entry.event));
  }
}

WalkFile FileOfLastRun(const Runner& runner, const Scenario& scenario,
                       const ResolvedContext& context, const Report& report) {
  WalkFile file;
  file.input.scenario = scenario;
  file.input.schedule = runner.engine().taken();
  NameContext(context, file);
  NamePreemptions(runner.engine(), file);
  file.expect = report.clean() ? "clean" : report.violation.oracle;
  return file;
}

std::string SignatureOf(const Engine& engine, const Violation& violation) {
  if (violation.oracle == nullptr) return "";
  const char* first = FunctionOf(engine, violation.first_event);
  const char* second = FunctionOf(engine, violation.second_event);
  return absl::StrCat(violation.oracle, ": ", first == nullptr ? "-" : first, " / ",
                      second == nullptr ? "-" : second);
}

std::string DriftOfLastReplay(const Runner& runner, const WalkFile& file) {
  std::string drift;
  for (size_t i = 0; i < file.input.schedule.size(); ++i) {
    const Preemption& entry = file.input.schedule[i];
    const std::string& recorded = file.preemption_names[i];
    if (recorded.empty()) continue;
    const std::string now = NameAt(runner.engine(), entry.cpu, entry.event);
    if (now == recorded) continue;
    absl::StrAppend(&drift, "preempt cpu ", entry.cpu, " before event ", entry.event,
                    ": recorded before \"", recorded, "\", now ",
                    now.empty() ? "never reached" : absl::StrCat("before \"", now, "\""), "\n");
  }
  return drift;
}

}  // namespace walkrace
