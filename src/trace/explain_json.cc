#include "trace/explain_json.h"

#include "machine/inspect.h"
#include "trace/words.h"

namespace walkrace {
namespace {

using nlohmann::json;

json TextOrNull(const std::string& text) { return text.empty() ? json() : json(text); }

json EventJson(const TraceView& view, size_t index) {
  const Event& event = view.events[index];
  const bool is_note = event.kind == EventKind::kNote;
  const bool has_value = event.location != kNoLocation && !is_note;
  const int mark = MarkOf(view, index);
  json out;
  out["index"] = index;
  out["step"] = event.step;
  out["cpu"] = event.cpu;
  out["number"] = event.number;
  out["kind"] = KindWord(event.kind);
  out["function"] = TextOrNull(FunctionOf(event));
  out["file"] = event.site == nullptr ? json() : json(event.site->file);
  out["line"] = event.site == nullptr ? json() : json(event.site->line);
  out["object"] = TextOrNull(NameOf(event.location));
  out["before"] = has_value ? json(ValueWords(event.location, event.before)) : json();
  out["after"] = has_value ? json(ValueWords(event.location, event.after)) : json();
  out["before_raw"] = event.before;
  out["after_raw"] = event.after;
  out["note"] = is_note ? json(NoteWord(event.detail)) : json();
  out["text"] = EventWords(event, &view.scenario);
  out["mark"] = mark == 0 ? json() : json(mark);
  return out;
}

json IndexOrNull(const TraceView& view, uint32_t index) {
  return index < view.count ? json(index) : json();
}

json ViolationJson(const TraceView& view) {
  const Violation& violation = view.violation;
  if (violation.oracle == nullptr) return {};
  json out;
  out["oracle"] = violation.oracle;
  out["message"] = violation.message;
  out["step"] = violation.step;
  out["cpu"] = violation.cpu == kNoCpu ? json() : json(violation.cpu);
  out["first_event"] = IndexOrNull(view, violation.first_event);
  out["second_event"] = IndexOrNull(view, violation.second_event);
  return out;
}

json PreemptionJson(const TraceView& view, const Preemption& entry) {
  json out;
  out["cpu"] = entry.cpu;
  out["event"] = entry.event;
  out["to"] = entry.to;
  out["at"] = nullptr;
  for (size_t i = 0; i < view.count && entry.event != 0; ++i) {
    const Event& event = view.events[i];
    if (event.cpu != entry.cpu || event.number != entry.event || !IsStep(event)) continue;
    out["at"] = EventName(event);
    break;
  }
  return out;
}

// What weak memory left open: an old load, a late store.
json MemoryJson(const TraceView& view, const Preemption& entry) {
  json out = PreemptionJson(view, entry);
  out.erase("to");
  out["kind"] = entry.kind == EntryKind::kOld ? "old" : "late";
  out["by"] = entry.amount;
  return out;
}

json CpuJson(const TraceView& view, CpuId cpu) {
  json operations = json::array();
  for (const Operation& operation : view.scenario.cpus[cpu]) {
    operations.push_back(ToText(operation).text);
  }
  return {{"cpu", cpu}, {"operations", operations}};
}

}  // namespace

nlohmann::json ExplainJson(const TraceView& view) {
  json out;
  out["cpus"] = json::array();
  for (CpuId cpu = 0; cpu < view.cpu_count; ++cpu) out["cpus"].push_back(CpuJson(view, cpu));
  out["events"] = json::array();
  for (size_t i = 0; i < view.count; ++i) out["events"].push_back(EventJson(view, i));
  out["violation"] = ViolationJson(view);
  out["preemptions"] = json::array();
  for (const Preemption& entry : view.preemptions) {
    if (entry.kind == EntryKind::kPreempt) {
      out["preemptions"].push_back(PreemptionJson(view, entry));
    } else {
      out["memory"].push_back(MemoryJson(view, entry));
    }
  }
  return out;
}

}  // namespace walkrace
