// data-race: ThreadSanitizer reports no plain access that races. Judged by its runtime; here the
// report is tied to the events of the run.
#ifndef WALKRACE_ORACLE_DATA_RACE_ORACLE_H_
#define WALKRACE_ORACLE_DATA_RACE_ORACLE_H_

#include "oracle/oracle.h"

namespace walkrace {

inline constexpr const char* kDataRaceName = "data-race";

// `event`: the access that ThreadSanitizer was told of when it reported: the last access of the
// trace at that moment, or before event `event` where that is none. Keeps an earlier violation.
void JudgeDataRace(const Engine& engine, uint32_t event, Violation* violation);

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_DATA_RACE_ORACLE_H_
