// The trace that a .walk file was recorded with, two characters an event, and where a later run
// parts from it. An event's code stands for its CPU and its name (function, verb, object), so that
// lines may move in a source and values may change; two events have one code by chance once in
// 4,096, and then the next that differs is named.
#ifndef WALKRACE_HARNESS_RECORDED_TRACE_H_
#define WALKRACE_HARNESS_RECORDED_TRACE_H_

#include <cstdint>
#include <string>

#include "engine/engine.h"

namespace walkrace {

// Of the run that `engine` did last.
std::string TraceOf(const Engine& engine);

struct Parting {
  uint32_t event = 0;  // counts from 1, notes included, as `trace` lines do; 0: nowhere
  // "event 57, CPU 1's collapse_huge_page clear pmd[0]", or that either ends sooner.
  std::string words;
};

// Where the run that `engine` did last parts from `recorded`, which is not empty. A run that ended
// sooner, cut short by a violation, parts at its end.
Parting PartingFrom(const std::string& recorded, const Engine& engine);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_RECORDED_TRACE_H_
