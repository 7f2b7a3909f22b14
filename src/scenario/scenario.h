// What a run is made of, apart from who goes next: the address spaces at the start, and the list
// of operations of each CPU. Pages are numbered from the start of the area that the scenario
// uses: kPagesMax base pages in kRegionsMax regions, each the size of one huge page.
#ifndef WALKRACE_SCENARIO_SCENARIO_H_
#define WALKRACE_SCENARIO_SCENARIO_H_

#include <cstdint>

#include "base/fixed_vector.h"
#include "engine/event.h"
#include "engine/schedule.h"
#include "machine/layout.h"

namespace walkrace {

inline constexpr int kOperationsMax = 8;  // of one CPU

// What scenarios are made of.
enum class Mix : uint8_t {
  kCollapse,  // GUP-fast, collapse, zap, faults and CPU accesses, on anonymous memory of one mm
  kAll,       // every operation, every backing, both mms
};

enum class OperationKind : uint8_t {
  kGup,          // get_user_pages_fast or pin_user_pages_fast on [page, page + count)
  kWritePinned,  // through each reference that this CPU holds for writing
  kReadPinned,   // through each reference that this CPU holds
  kUnpin,        // puts back all references that this CPU holds
  kRead,         // a CPU load from `page`, through the TLB
  kWrite,        // a CPU store to `page`, through the TLB
#define WR_OPERATION(kind, word, operand, takes, function, summary) kind,
#include "paths/operations.def"
#undef WR_OPERATION
  kCount,
};

// Operation flags.
inline constexpr uint8_t kGupWrite = 1;     // FOLL_WRITE
inline constexpr uint8_t kGupPin = 2;       // FOLL_PIN; else FOLL_GET
inline constexpr uint8_t kGupLongterm = 4;  // FOLL_LONGTERM; with kGupPin alone
inline constexpr uint8_t kOperationFlags = kGupWrite | kGupPin | kGupLongterm;

// Fields that a kind does not use are 0 (operation_table.h says which it uses). `count` is used
// where the operand is a range of pages, and is at least 1 there; page + count <= kPagesMax. Where
// it is a region, `page` is the region's first.
struct Operation {
  OperationKind kind = OperationKind::kGup;
  uint8_t page = 0;
  uint8_t count = 0;
  uint8_t flags = 0;

  friend bool operator==(const Operation&, const Operation&) = default;
};

using OperationList = FixedVector<Operation, kOperationsMax>;

inline constexpr uint8_t kNoProfile = UINT8_MAX;

struct Scenario {
  uint8_t cpu_count = 2;             // 1 to kCpusMax
  uint8_t profile = kNoProfile;      // index into Profiles(), or kNoProfile: options supply it
  uint8_t mm_of_cpu[kCpusMax] = {};  // CPU 0 runs in mm 0
  Layout layout;
  OperationList cpus[kCpusMax];  // those from cpu_count on are empty

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

// All that decides a run, given the variant. Large (the schedule is of fixed capacity): keep it
// static or on the heap. Schedule entries name a CPU below cpu_count (preemptions two different
// ones) and an event up to kStepsMax; event 0 is CPU 0's alone, and of preemptions.
struct Input {
  Scenario scenario;
  Schedule schedule;

  friend bool operator==(const Input&, const Input&) = default;
};

// Brings every field into the ranges stated above; changes nothing in an input that is in them.
// Schedule entries outside of theirs could have no effect, and are dropped.
void Normalize(Input& input);
void Normalize(Scenario& scenario);
void Normalize(Operation& operation);

// The mms that the scenario's CPUs run in, or reach by what they do.
CpuMms MmsOf(const Scenario& scenario);

// Text form of one operation, as in a .walk file: "pin 0-1 write". REQUIRES: it is normalized.
struct OperationText {
  char text[48];
};
OperationText ToText(const Operation& operation);

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_SCENARIO_H_
