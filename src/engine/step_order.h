// The steps of a run and the partial order that they make: a step comes after those of its own CPU
// and those before it whose footprints conflict with its own. Runs with the same partial order are
// equivalent (one class, a Mazurkiewicz trace): each CPU does the same, and the end is the same.
// Vector clocks: Mattern, "Virtual time and global states of distributed systems", 1989.
#ifndef WALKRACE_ENGINE_STEP_ORDER_H_
#define WALKRACE_ENGINE_STEP_ORDER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/step_footprints.h"

namespace walkrace {

// For each CPU how many steps of the run, counted from its start, one must take to have all that
// come before: clock[c] is 1 + the position of the last such step of CPU c, or 0.
struct Clock {
  uint32_t of[kCpusMax] = {};

  void Join(const Clock& other) {
    for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
      of[cpu] = std::max(of[cpu], other.of[cpu]);
    }
  }
};

// A class of runs, or of their beginnings. Two that differ have the same number with a probability
// of 2^-128 a pair, as far as hashes go.
struct ClassHash {
  uint64_t low = 0;
  uint64_t high = 0;

  friend bool operator==(const ClassHash&, const ClassHash&) = default;
  friend auto operator<=>(const ClassHash&, const ClassHash&) = default;
};

inline constexpr size_t kNoStep = SIZE_MAX;

class StepOrder {
 public:
  // Forgets the steps from this position on.
  void Truncate(size_t size);

  // Room for the next step, for the caller to fill; then Add makes it the last of the order.
  Step& Next();
  void Add();

  size_t size() const { return size_; }
  const Step& step(size_t position) const { return records_[position].step; }
  // What comes before a step, itself included.
  const Clock& clock(size_t position) const { return records_[position].clock; }
  bool Before(size_t first, size_t second) const {
    return clock(second).of[step(first).cpu] > first;
  }
  // What comes before the next step of a CPU, whatever it will be: its last step and all before.
  Clock ClockOf(CpuId cpu) const { return ClockBefore(size_, cpu); }
  // The same as it was before the step at this position.
  Clock ClockBefore(size_t position, CpuId cpu) const;

  // The first step of a CPU at `position` or later, or size().
  size_t NextOf(CpuId cpu, size_t position) const;

  // Of each other CPU the last step that the last step of the order conflicts with and that its own
  // CPU's steps before do not come after anyhow; else kNoStep.
  const size_t* last_conflicts() const { return last_conflicts_; }

  // The class of the first `size()` steps.
  ClassHash Class() const;

 private:
  struct Record {
    Step step;
    Clock clock;
    ClassHash hash;  // of the step and all before it
    size_t index;    // among its CPU's steps
  };

  void FindLastConflicts(const Step& step, const Clock& known);

  std::vector<Record> records_;  // those behind size_ keep their storage
  size_t size_ = 0;
  std::vector<uint32_t> of_cpu_[kCpusMax];  // positions
  size_t last_conflicts_[kCpusMax] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_STEP_ORDER_H_
