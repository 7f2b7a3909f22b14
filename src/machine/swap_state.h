// What the swap device keeps beside the arena. Private to src/machine.
#ifndef WALKRACE_MACHINE_SWAP_STATE_H_
#define WALKRACE_MACHINE_SWAP_STATE_H_

namespace walkrace {

// At the start of a run.
void ResetSwap();

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_SWAP_STATE_H_
