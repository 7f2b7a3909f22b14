#include "litmus/futures.h"

#include <algorithm>

#include "litmus/program.h"

namespace walkrace::litmus {
namespace {

uint64_t Bit(uint64_t number) { return uint64_t{1} << std::min<uint64_t>(number, 63); }

uint64_t Registers(const Expression& expression) {
  uint64_t registers = 0;
  if (expression.op == Operator::kRegister) registers |= Bit(expression.constant);
  if (expression.left != nullptr) registers |= Registers(*expression.left);
  if (expression.right != nullptr) registers |= Registers(*expression.right);
  return registers;
}

// Of which locations it may be the address.
uint64_t Locations(const Expression& address) {
  if (address.op != Operator::kConstant) return UINT64_MAX;
  const int location = LocationAt(address.constant, INT32_MAX);
  return location < 0 ? 0 : Bit(location);
}

void AddAccess(const Instruction& instruction, bool every_rmw_is_full, CpuFuture& cpu) {
  const uint64_t locations = Locations(instruction.address);
  switch (instruction.opcode) {
    case Opcode::kLoad:
    case Opcode::kIsLocked:
      cpu.loads |= locations;
      break;
    case Opcode::kStore:
      cpu.stores |= locations;
      cpu.writes = true;
      cpu.tells_known |= instruction.order == Order::kRelease;
      break;
    case Opcode::kUnlock:
      cpu.stores |= locations;
      cpu.writes = cpu.tells_own = cpu.tells_known = true;
      break;
    default:
      cpu.writes = true;
      if (instruction.opcode == Opcode::kRmw && !instruction.returns_value && !every_rmw_is_full) {
        break;
      }
      cpu.loads |= locations;
      cpu.locks |= instruction.opcode != Opcode::kRmw;
      cpu.tells_known |= instruction.order == Order::kRelease;
      cpu.tells_known |= IsFullyOrdered(instruction, every_rmw_is_full);
  }
}

CodeFuture Own(const Code& code, bool every_rmw_is_full) {
  CodeFuture future;
  if (code.kind == CodeKind::kFenceAfter) future.cpu.tells_known = true;
  if (code.kind == CodeKind::kGracePeriodEnd) {
    future.cpu.waits_for_readers = future.cpu.tells_known = true;
  }
  if (code.kind == CodeKind::kJumpIfZero) future.registers = Registers(code.instruction->value);
  if (code.kind != CodeKind::kInstruction) return future;
  const Instruction& instruction = *code.instruction;
  switch (instruction.opcode) {
    case Opcode::kAssign:
      break;
    case Opcode::kFence:
      if (instruction.fence == Fence::kWmb) {
        future.cpu.tells_own = true;
      } else if (instruction.fence != Fence::kRmb && instruction.fence != Fence::kBarrier) {
        future.cpu.tells_known = true;
      }
      break;
    case Opcode::kRcuLock:
      future.cpu.rcu_locks = true;
      break;
    case Opcode::kRcuUnlock:
    case Opcode::kSynchronizeRcu:
      future.cpu.tells_known = true;
      break;
    default:
      AddAccess(instruction, every_rmw_is_full, future.cpu);
  }
  for (const Expression* expression :
       {&instruction.address, &instruction.value, &instruction.expected}) {
    future.registers |= Registers(*expression);
  }
  return future;
}

}  // namespace

std::vector<CodeFuture> FuturesOf(const std::vector<Code>& code, bool every_rmw_is_full) {
  std::vector<CodeFuture> futures(code.size() + 1);
  for (size_t at = code.size(); at-- > 0;) {
    futures[at] = Own(code[at], every_rmw_is_full);
    const auto add = [&](size_t next) {
      futures[at].cpu.Add(futures[next].cpu);
      futures[at].registers |= futures[next].registers;
    };
    const CodeKind kind = code[at].kind;
    if (kind != CodeKind::kJump) add(at + 1);
    if (kind == CodeKind::kJump || kind == CodeKind::kJumpIfZero) add(code[at].target);
  }
  return futures;
}

}  // namespace walkrace::litmus
