#include "litmus/code.h"

#include <algorithm>

namespace walkrace::litmus {
namespace {

void Append(const std::vector<Instruction>& body, bool every_rmw_is_full, std::vector<Code>& code) {
  for (const Instruction& instruction : body) {
    if (instruction.opcode != Opcode::kIf) {
      code.push_back({CodeKind::kInstruction, &instruction, 0, false, false});
      if (IsFullyOrdered(instruction, every_rmw_is_full)) {
        code.push_back({CodeKind::kFenceAfter, &instruction, 0, false, false});
      }
      if (instruction.opcode == Opcode::kSynchronizeRcu) {
        code.push_back({CodeKind::kGracePeriodEnd, &instruction, 0, false, false});
      }
      continue;
    }
    const size_t jump = code.size();
    code.push_back({CodeKind::kJumpIfZero, &instruction, 0, false, false});
    Append(instruction.then, every_rmw_is_full, code);
    const size_t over = code.size();
    code.push_back({CodeKind::kJump, nullptr, 0, false, false});
    code[jump].target = code.size();
    Append(instruction.otherwise, every_rmw_is_full, code);
    code[over].target = code.size();
  }
}

bool HasGracePeriods(const std::vector<Instruction>& body) {
  return std::any_of(body.begin(), body.end(), [](const Instruction& instruction) {
    return instruction.opcode == Opcode::kSynchronizeRcu || HasGracePeriods(instruction.then) ||
           HasGracePeriods(instruction.otherwise);
  });
}

bool MayBeLocal(const Instruction& instruction, bool has_grace_periods) {
  switch (instruction.opcode) {
    case Opcode::kAssign:
    case Opcode::kLoad:
    case Opcode::kIsLocked:
    case Opcode::kTrylock:
      return true;
    case Opcode::kRmw:
      return instruction.rmw == RmwKind::kCmpxchg || instruction.rmw == RmwKind::kAddUnless;
    case Opcode::kFence:
      return instruction.fence == Fence::kRmb || instruction.fence == Fence::kWmb ||
             instruction.fence == Fence::kBarrier;
    case Opcode::kRcuLock:
    case Opcode::kRcuUnlock:
      return !has_grace_periods;
    default:
      return false;
  }
}

bool MayAct(const Instruction& instruction, bool has_grace_periods) {
  switch (instruction.opcode) {
    case Opcode::kAssign:
    case Opcode::kLoad:
    case Opcode::kIsLocked:
      return false;
    case Opcode::kFence:
    case Opcode::kRcuLock:
    case Opcode::kRcuUnlock:
      return !MayBeLocal(instruction, has_grace_periods);
    default:
      return true;
  }
}

}  // namespace

bool IsFullyOrdered(const Instruction& instruction, bool every_rmw_is_full) {
  const bool is_rmw = instruction.opcode == Opcode::kRmw ||
                      (every_rmw_is_full && (instruction.opcode == Opcode::kLock ||
                                             instruction.opcode == Opcode::kTrylock));
  return is_rmw &&
         (every_rmw_is_full || (instruction.returns_value && instruction.order == Order::kFull));
}

bool HasGracePeriods(const Program& program) {
  return std::any_of(program.threads.begin(), program.threads.end(),
                     [](const Thread& thread) { return HasGracePeriods(thread.body); });
}

std::vector<Code> Flatten(const Thread& thread, const FlattenOptions& options) {
  std::vector<Code> code;
  Append(thread.body, options.every_rmw_is_full, code);
  const auto acts = [&](size_t at) { return at < code.size() && code[at].may_act; };
  const auto ends = [&](size_t at) { return at >= code.size() || code[at].may_end; };
  for (size_t at = code.size(); at-- > 0;) {
    Code& here = code[at];
    switch (here.kind) {
      case CodeKind::kInstruction:
        here.may_act = MayAct(*here.instruction, options.has_grace_periods) || acts(at + 1);
        here.may_end = MayBeLocal(*here.instruction, options.has_grace_periods) && ends(at + 1);
        break;
      case CodeKind::kJump:
        here.may_act = acts(here.target);
        here.may_end = ends(here.target);
        break;
      case CodeKind::kJumpIfZero:
        here.may_act = acts(here.target) || acts(at + 1);
        here.may_end = ends(here.target) || ends(at + 1);
        break;
      case CodeKind::kFenceAfter:
        here.may_act = true;
        here.may_end = ends(at + 1);
        break;
      case CodeKind::kGracePeriodEnd:
        here.may_act = true;
        here.may_end = false;
        break;
    }
  }
  return code;
}

}  // namespace walkrace::litmus
