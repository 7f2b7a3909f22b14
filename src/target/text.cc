#include "target/text.h"

#include <charconv>

#include "target/trace.h"

namespace walkrace {
namespace {

constexpr std::string_view kFirstLine = "walkrace-target 1";
constexpr std::string_view kBlanks = " \t\r";

std::string_view Trim(std::string_view text) {
  const size_t start = text.find_first_not_of(kBlanks);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kBlanks) - start + 1);
}

// Takes up to `end` off the front of `text`.
std::string_view Take(std::string_view& text, std::string_view ends) {
  const size_t end = text.find_first_of(ends);
  const std::string_view front = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return front;
}

std::string_view TakeWord(std::string_view& text) {
  text = Trim(text);
  const std::string_view word = Take(text, kBlanks);
  text = Trim(text);
  return word;
}

bool TakeNumber(std::string_view& text, uint32_t most, uint32_t& number) {
  const std::string_view word = TakeWord(text);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size() && number <= most;
}

bool TakeWords(std::string_view& text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (TakeWord(text) != word) return false;
  }
  return true;
}

class Parser {
 public:
  Parser(const wr_target& target, TargetText& text) : target_(target), text_(text) {}

  // Returns what is wrong with the line.
  std::string Line(std::string_view line) {
    std::string_view rest = line;
    const std::string_view word = TakeWord(rest);
    if (word == "target") return rest == target_.name ? "" : "this is another target";
    if (word == "expect") {
      text_.expect = rest;
      return "";
    }
    if (word == "cpu") return Cpu(rest);
    if (word == "preempt") return Preempt(rest);
    return Call(word, rest);
  }

  std::string End() {
    for (const Preemption& entry : text_.input.schedule) {
      if (entry.cpu >= cpus_ || entry.to >= cpus_)
        return "a preemption names a CPU that is not there";
    }
    if (cpus_ == 0) return "no cpu";
    text_.input.cpu_count = cpus_;
    return "";
  }

 private:
  std::string Cpu(std::string_view rest) {
    uint32_t cpu = 0;
    if (!TakeNumber(rest, kCpusMax - 1, cpu) || !rest.empty() || static_cast<int>(cpu) != cpus_) {
      return "CPUs are numbered 0 to 3, in order";
    }
    ++cpus_;
    return "";
  }

  std::string Call(std::string_view name, std::string_view rest) {
    if (cpus_ == 0) return "an operation stands before the first cpu";
    for (size_t i = 0; i < target_.operation_count; ++i) {
      const wr_operation& operation = target_.operations[i];
      if (name != operation.name) continue;
      uint32_t argument = 0;
      if (operation.arguments != 0 && !TakeNumber(rest, operation.arguments - 1, argument)) {
        return "the argument of " + std::string(name) + " is a number below " +
               std::to_string(operation.arguments);
      }
      if (!rest.empty()) return "too many words";
      const TargetCall call = {static_cast<uint8_t>(i), static_cast<uint8_t>(argument)};
      return text_.input.calls[cpus_ - 1].push_back(call) ? "" : "too many operations";
    }
    return "no operation has this name: " + std::string(name.substr(0, 60));
  }

  std::string Preempt(std::string_view rest) {
    uint32_t cpu = 0;
    uint32_t event = 0;
    uint32_t to = 0;
    if (!TakeWords(rest, {"cpu"}) || !TakeNumber(rest, kCpusMax - 1, cpu) ||
        !TakeWords(rest, {"before", "event"}) || !TakeNumber(rest, UINT16_MAX, event) ||
        !TakeWords(rest, {"to", "cpu"}) || !TakeNumber(rest, kCpusMax - 1, to)) {
      return "a preemption is: preempt cpu N before event N to cpu N";
    }
    if (!rest.empty() && !TakeWords(rest, {"at"})) return "too many words";
    const Preemption entry = {static_cast<uint16_t>(event), static_cast<uint8_t>(cpu),
                              static_cast<uint8_t>(to)};
    if (!text_.input.schedule.push_back(entry)) return "too many preemptions";
    text_.names.emplace_back(rest);
    return "";
  }

  const wr_target& target_;
  TargetText& text_;
  int cpus_ = 0;
};

void PrintCalls(const wr_target& target, const TargetInput& input, std::string& out) {
  for (int cpu = 0; cpu < input.cpu_count; ++cpu) {
    out += "cpu " + std::to_string(cpu) + "\n";
    for (const TargetCall& call : input.calls[cpu]) out += "  " + CallWords(target, call) + "\n";
  }
}

}  // namespace

bool IsTargetText(std::string_view content) { return content.starts_with("walkrace-target"); }

std::string ParseTargetText(const wr_target& target, std::string_view content, TargetText& text) {
  text = TargetText();
  Parser parser(target, text);
  int number = 0;
  while (!content.empty()) {
    ++number;
    std::string_view whole = Take(content, "\n");
    const std::string_view line = Trim(Take(whole, "#"));
    std::string wrong;
    if (number == 1) {
      if (line != kFirstLine) wrong = "the first line is: " + std::string(kFirstLine);
    } else if (!line.empty()) {
      wrong = parser.Line(line);
    }
    if (!wrong.empty()) return "line " + std::to_string(number) + ": " + wrong;
  }
  return parser.End();
}

std::string PrintTargetText(TargetRunner& runner, const TargetInput& input, const char* expect) {
  const wr_target& target = runner.target();
  std::string out = std::string(kFirstLine) + "\ntarget " + target.name + "\n";
  if (expect != nullptr) out += "expect " + std::string(expect) + "\n";
  PrintCalls(target, input, out);
  for (const Preemption& entry : runner.engine().taken()) {
    out += "preempt cpu " + std::to_string(entry.cpu) + " before event " +
           std::to_string(entry.event) + " to cpu " + std::to_string(entry.to);
    if (const std::string name = NameOfEvent(runner, entry); !name.empty()) out += " at " + name;
    out += "\n";
  }
  return out;
}

std::string NameOfEvent(TargetRunner& runner, const Preemption& preemption) {
  const Engine& engine = runner.engine();
  const Event* last = nullptr;  // of that CPU
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (event.cpu != preemption.cpu || event.site == nullptr) continue;
    if (event.kind == EventKind::kRcuDone) continue;
    if (event.number == preemption.event) return EventName(runner, event);
    last = &event;
  }
  // The run may have ended while the CPU was about to do it.
  if (engine.pending_number(preemption.cpu) != preemption.event) return "";
  const PendingEvent& pending = engine.pending(preemption.cpu);
  const bool done = last != nullptr && last->site == pending.site && last->kind == pending.kind &&
                    last->location == pending.location;
  return done || pending.site == nullptr ? "" : EventName(runner, pending);
}

}  // namespace walkrace
