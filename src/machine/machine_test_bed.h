// For tests only: runs bodies on the process's one engine with the machine's arena.
#ifndef WALKRACE_MACHINE_MACHINE_TEST_BED_H_
#define WALKRACE_MACHINE_MACHINE_TEST_BED_H_

#include "engine/test_bed.h"
#include "kernel/mm.h"
#include "kernel/runtime.h"
#include "machine/arena.h"
#include "machine/machine.h"

namespace walkrace {

// The machine as it is at the start of a run.
inline void SetUpMachine(const Layout& layout, const Profile& profile, const CpuMms& mms = {}) {
  BindKernel(&TestEngine());
  BindMachine(&TestEngine());
  BeginKernel();
  BeginMachine(layout, mms, profile);
}

inline vm_area_struct* MachineVma(int region = 0, int mm = 0) {
  return find_vma(MachineMm(mm), AddressOfPage(mm * kPagesMax + region * kPagesPerRegion));
}

// REQUIRES: SetUpMachine was called since the last run.
template <typename Function>
RecordedRun RunOnMachine(Strategy& strategy, int cpu_count, Function body) {
  return RunBodies(strategy, 0, cpu_count, body);
}

// One CPU, in order.
template <typename Function>
RecordedRun RunOnMachine(Function body) {
  FollowSchedule in_order({});
  return RunOnMachine(in_order, 1, [&body](CpuId) { body(); });
}

inline LocationId LocationOf(const void* object) { return TestEngine().LocationOf(object); }

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_MACHINE_TEST_BED_H_
