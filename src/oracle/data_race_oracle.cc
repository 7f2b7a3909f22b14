#include "oracle/data_race_oracle.h"

#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "oracle/trace_search.h"

namespace walkrace {
namespace {

bool IsAccess(const Event& event) {
  return event.kind == EventKind::kLoad || event.kind == EventKind::kStore ||
         event.kind == EventKind::kRmw;
}

const char* FunctionOf(const Event& event) {
  return event.site == nullptr ? "?" : event.site->function;
}

// The last access of another CPU that races with this one: two loads do not, and of two marked
// accesses neither does.
uint32_t FindOther(const Engine& engine, uint32_t reported) {
  const Event& access = engine.events()[reported];
  return FindLast(engine, reported, [&](const Event& other) {
    return IsAccess(other) && other.cpu != access.cpu && other.location == access.location &&
           (access.kind != EventKind::kLoad || other.kind != EventKind::kLoad) &&
           (access.order == Order::kPlain || other.order == Order::kPlain);
  });
}

// Neither access of a race comes first: which one ThreadSanitizer reports is chance. The pair is
// told with the plain access first, then by function.
bool GoesFirst(const Event& a, const Event& b) {
  const bool plain_a = a.order == Order::kPlain;
  const bool plain_b = b.order == Order::kPlain;
  if (plain_a != plain_b) return plain_a;
  return std::strcmp(FunctionOf(a), FunctionOf(b)) < 0;
}

}  // namespace

void JudgeDataRace(const Engine& engine, uint32_t event, Violation* violation) {
  if (violation->oracle != nullptr) return;
  *violation = Violation();
  violation->oracle = kDataRaceName;
  violation->step = engine.steps();
  const uint32_t end = event == kNoEvent ? event : event + 1;
  const uint32_t reported = FindLast(engine, end, IsAccess);
  if (reported == kNoEvent) {
    (void)std::snprintf(violation->message, sizeof(violation->message),
                        "ThreadSanitizer reports a data race; see its report");
    return;
  }
  const Event& access = engine.events()[reported];
  const uint32_t other = FindOther(engine, reported);
  violation->step = access.step;
  violation->cpu = access.cpu;
  violation->first_event = other;
  violation->second_event = reported;
  std::string against;
  if (other != kNoEvent) {
    const Event& candidate = engine.events()[other];
    against = std::string(", against ") + FunctionOf(candidate);
    if (GoesFirst(access, candidate)) std::swap(violation->first_event, violation->second_event);
  }
  (void)std::snprintf(violation->message, sizeof(violation->message),
                      "ThreadSanitizer reports a data race of CPU %d in %s on %s%s; see its report",
                      access.cpu, FunctionOf(access), NameOf(access.location).c_str(),
                      against.c_str());
}

}  // namespace walkrace
