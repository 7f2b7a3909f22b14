#include "target/trace.h"

#include <cstdio>
#include <utility>

namespace walkrace {
namespace {

constexpr size_t kNameBytes = 64;
constexpr uint64_t kDecimalMax = 99999;
constexpr size_t kPlaceWidth = 20;
constexpr size_t kRepeatsMax = 3;

const char* const kRmwWords[] = {"xchg", "add", "sub", "and", "or", "cmpxchg", "add-unless"};
const char* const kFenceWords[] = {"smp_mb", "smp_rmb", "smp_wmb"};

// One a kind: an event to come is known by no more.
const char* Verb(EventKind kind) {
  switch (kind) {
    case EventKind::kLoad:
      return "load";
    case EventKind::kStore:
      return "store";
    case EventKind::kRmw:
      return "update";
    case EventKind::kFence:
      return "fence";
    case EventKind::kLock:
      return "lock";
    case EventKind::kUnlock:
      return "unlock";
    case EventKind::kIrqOff:
      return "irq-off";
    case EventKind::kIrqOn:
      return "irq-on";
    case EventKind::kIpiSend:
      return "ipi-send";
    case EventKind::kIpiWait:
      return "ipi-wait";
    case EventKind::kIpiHandle:
      return "ipi-handle";
    case EventKind::kRcuLock:
      return "rcu-read-lock";
    case EventKind::kRcuUnlock:
      return "rcu-read-unlock";
    case EventKind::kRcuCall:
      return "call-rcu";
    case EventKind::kRcuDone:
      return "grace period over, callback runs";
    default:
      return "note";
  }
}

std::string ObjectAt(TargetRunner& runner, size_t offset) {
  char name[kNameBytes] = "";
  if (runner.target().describe != nullptr) runner.target().describe(offset, name, sizeof(name));
  name[kNameBytes - 1] = '\0';
  if (name[0] == '\0') (void)std::snprintf(name, sizeof(name), "shared+0x%zx", offset);
  return name;
}

std::string Name(TargetRunner& runner, EventKind kind, LocationId location, const wr_site* site) {
  std::string name = site == nullptr ? "" : std::string(site->function) + " ";
  name += Verb(kind);
  if (location != kNoLocation) name += " " + ObjectAt(runner, size_t{location} * 8);
  return name;
}

std::string Value(TargetRunner& runner, uint64_t value) {
  const uint64_t offset = value - reinterpret_cast<uintptr_t>(runner.shared());
  if (offset < runner.target().shared_bytes) {
    const std::string name = ObjectAt(runner, offset / 8 * 8);
    return "&" + name + (offset % 8 == 0 ? "" : "+" + std::to_string(offset % 8));
  }
  if (value <= kDecimalMax) return std::to_string(value);
  char text[kNameBytes];
  (void)std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string Values(TargetRunner& runner, const Event& event) {
  switch (event.kind) {
    case EventKind::kLoad:
      return ": " + Value(runner, event.before);
    case EventKind::kStore:
      return ": " + Value(runner, event.before) + " -> " + Value(runner, event.after);
    case EventKind::kRmw:
      return ": " + Value(runner, event.before) +
             (event.failed ? ", unchanged" : " -> " + Value(runner, event.after)) + " (" +
             kRmwWords[event.detail] + ")";
    case EventKind::kFence:
      return std::string(": ") + kFenceWords[event.detail];
    default:
      return "";
  }
}

// What the event did; `head`: whose it was, and its number. Empty: nobody's.
std::string Line(TargetRunner& runner, const Event& event, std::string& head) {
  head = "CPU " + std::to_string(event.cpu);
  if (event.kind == EventKind::kNote) {
    const TargetCall call = {static_cast<uint8_t>(event.before), static_cast<uint8_t>(event.after)};
    return ": " + CallWords(runner.target(), call);
  }
  if (event.site == nullptr) return "";  // what a crash ends with
  char number[16] = "       ";
  const bool is_step = event.kind != EventKind::kRcuDone && event.kind != EventKind::kIpiHandle;
  if (is_step) (void)std::snprintf(number, sizeof(number), " %4d  ", event.number);
  head += number;
  std::string place = std::string(event.site->file) + ":" + std::to_string(event.site->line);
  if (place.size() < kPlaceWidth) place.resize(kPlaceWidth, ' ');
  return place + " " + EventName(runner, event) + Values(runner, event);
}

}  // namespace

std::string CallWords(const wr_target& target, const TargetCall& call) {
  const wr_operation& operation = target.operations[call.operation];
  if (operation.arguments == 0) return operation.name;
  return std::string(operation.name) + " " + std::to_string(call.argument);
}

std::string EventName(TargetRunner& runner, const Event& event) {
  return Name(runner, event.kind, event.location, event.site);
}

std::string EventName(TargetRunner& runner, const PendingEvent& event) {
  return Name(runner, event.kind, event.location, event.site);
}

std::string PrintTargetTrace(TargetRunner& runner) {
  const Engine& engine = runner.engine();
  std::string out;
  int last = -1;
  std::string last_line;
  size_t repeated = 0;
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    std::string head;
    std::string line = Line(runner, event, head);
    if (line.empty()) continue;
    // A loop that waits for nobody fills the trace.
    const bool again = event.cpu == last && line == last_line;
    repeated = again ? repeated + 1 : 0;
    if (repeated == kRepeatsMax) out += "    ... again and again\n";
    if (repeated >= kRepeatsMax) continue;
    if (event.cpu != last && last >= 0) out += "    -- to CPU " + std::to_string(event.cpu) + "\n";
    last = event.cpu;
    out += head + line + "\n";
    last_line = std::move(line);
  }
  return out;
}

}  // namespace walkrace
