#include "harness/recorded_trace.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "scenario/text_codec.h"
#include "trace/words.h"

namespace walkrace {
namespace {

// FNV-1a, folded: the same on every machine and in every release.
void AppendCode(const Event& event, std::string* trace) {
  uint32_t hash = 0x811c9dc5;
  const auto add = [&hash](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193; };
  add(static_cast<char>('0' + event.cpu));
  for (const char c : EventName(event)) add(c);
  hash ^= hash >> 12 ^ hash >> 24;
  trace->push_back(kTraceLetters[hash % 64]);
  trace->push_back(kTraceLetters[hash / 64 % 64]);
}

}  // namespace

std::string TraceOf(const Engine& engine) {
  std::string trace;
  for (size_t i = 0; i < engine.event_count(); ++i) AppendCode(engine.events()[i], &trace);
  return trace;
}

Parting PartingFrom(const std::string& recorded, const Engine& engine) {
  const std::string now = TraceOf(engine);
  const size_t same = std::ranges::mismatch(recorded, now).in2 - now.begin();
  if (recorded == now) return {};
  const size_t index = same / kLettersAnEvent;
  Parting parting = {static_cast<uint32_t>(index + 1), ""};
  if (index >= engine.event_count()) {
    parting.words = absl::StrCat("its end: it ends after ", index, " of the recording's ",
                                 recorded.size() / kLettersAnEvent, " events");
    return parting;
  }
  const Event& event = engine.events()[index];
  parting.words = absl::StrCat("event ", index + 1, ", CPU ", event.cpu, "'s ", EventName(event));
  if (same == recorded.size()) absl::StrAppend(&parting.words, ", where the recording ends");
  return parting;
}

}  // namespace walkrace
