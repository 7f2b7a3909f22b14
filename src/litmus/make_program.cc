#include "litmus/make_program.h"

#include <algorithm>
#include <memory>

namespace walkrace::litmus {
namespace {

Instruction Access(Opcode opcode, int target, const At& at, Order order) {
  Instruction result;
  result.opcode = opcode;
  result.target = target;
  result.address = at.expression;
  result.order = order;
  return result;
}

Instruction Bare(Opcode opcode) {
  Instruction result;
  result.opcode = opcode;
  return result;
}

void CountRegisters(const Expression& expression, int& count) {
  if (expression.op == Operator::kRegister) {
    count = std::max(count, static_cast<int>(expression.constant) + 1);
  }
  if (expression.left != nullptr) CountRegisters(*expression.left, count);
  if (expression.right != nullptr) CountRegisters(*expression.right, count);
}

void CountRegisters(const std::vector<Instruction>& body, int& count) {
  for (const Instruction& instruction : body) {
    count = std::max(count, instruction.target + 1);
    CountRegisters(instruction.address, count);
    CountRegisters(instruction.value, count);
    CountRegisters(instruction.expected, count);
    CountRegisters(instruction.then, count);
    CountRegisters(instruction.otherwise, count);
  }
}

std::string LocationName(int number) {
  static constexpr char kNames[] = "xyzwvutsabcdefgh";
  return number < static_cast<int>(sizeof(kNames)) - 1 ? std::string(1, kNames[number])
                                                       : "x" + std::to_string(number);
}

}  // namespace

Expression Constant(Value value) {
  return {.op = Operator::kConstant, .constant = value, .left = nullptr, .right = nullptr};
}
Expression Register(int number) {
  return {.op = Operator::kRegister, .constant = number, .left = nullptr, .right = nullptr};
}
Expression AddressExpression(int location) { return Constant(AddressOf(location)); }
Expression Binary(Operator op, const Expression& left, const Expression& right) {
  return {.op = op,
          .constant = 0,
          .left = std::make_shared<const Expression>(left),
          .right = std::make_shared<const Expression>(right)};
}
Expression AddressDependingOn(int location, int number) {
  return ValueDependingOn(AddressOf(location), number);
}
Expression ValueDependingOn(Value value, int number) {
  return Binary(Operator::kAdd, Constant(value),
                Binary(Operator::kAnd, Register(number), Constant(0)));
}

Instruction Assign(int target, const Operand& value) {
  Instruction result = Bare(Opcode::kAssign);
  result.target = target;
  result.value = value.expression;
  return result;
}
Instruction Load(int target, const At& at, Order order) {
  return Access(Opcode::kLoad, target, at, order);
}
Instruction Store(const At& at, const Operand& value, Order order) {
  Instruction result = Access(Opcode::kStore, kNoRegister, at, order);
  result.value = value.expression;
  return result;
}
Instruction Rmw(RmwKind kind, int target, const At& at, const Operand& operand, Order order) {
  Instruction result = Access(Opcode::kRmw, target, at, order);
  result.rmw = kind;
  result.value = operand.expression;
  return result;
}
Instruction RmwWithoutValue(RmwKind kind, const At& at, const Operand& operand) {
  Instruction result = Rmw(kind, kNoRegister, at, operand, Order::kRelaxed);
  result.returns_value = false;
  return result;
}
Instruction Cmpxchg(int target, const At& at, const Operand& expected, const Operand& value,
                    Order order) {
  Instruction result = Rmw(RmwKind::kCmpxchg, target, at, value, order);
  result.expected = expected.expression;
  return result;
}
Instruction AddUnless(int target, const At& at, const Operand& added, const Operand& forbidden,
                      Order order) {
  Instruction result = Rmw(RmwKind::kAddUnless, target, at, added, order);
  result.expected = forbidden.expression;
  return result;
}
Instruction FenceOf(Fence fence) {
  Instruction result = Bare(Opcode::kFence);
  result.fence = fence;
  return result;
}
Instruction SpinLock(const At& lock) {
  return Access(Opcode::kLock, kNoRegister, lock, Order::kAcquire);
}
Instruction SpinTrylock(int target, const At& lock) {
  return Access(Opcode::kTrylock, target, lock, Order::kAcquire);
}
Instruction SpinUnlock(const At& lock) {
  return Access(Opcode::kUnlock, kNoRegister, lock, Order::kRelease);
}
Instruction SpinIsLocked(int target, const At& lock) {
  return Access(Opcode::kIsLocked, target, lock, Order::kRelaxed);
}
Instruction RcuReadLock() { return Bare(Opcode::kRcuLock); }
Instruction RcuReadUnlock() { return Bare(Opcode::kRcuUnlock); }
Instruction SynchronizeRcu() { return Bare(Opcode::kSynchronizeRcu); }
Instruction If(const Expression& condition, std::vector<Instruction> then,
               std::vector<Instruction> otherwise) {
  Instruction result = Bare(Opcode::kIf);
  result.value = condition;
  result.then = std::move(then);
  result.otherwise = std::move(otherwise);
  return result;
}

Program MakeProgram(const std::string& name, int location_count,
                    std::vector<std::vector<Instruction>> threads, int lock_count) {
  Program program;
  program.name = name;
  for (int i = 0; i < location_count; ++i) {
    program.locations.push_back({.name = LocationName(i), .initial = 0, .is_lock = false});
  }
  for (int i = 0; i < lock_count; ++i) {
    program.locations.push_back(
        {.name = "lock" + std::to_string(i), .initial = 0, .is_lock = true});
  }
  for (std::vector<Instruction>& body : threads) {
    Thread& thread = program.threads.emplace_back();
    int count = 0;
    CountRegisters(body, count);
    for (int i = 0; i < count; ++i) thread.registers.push_back("r" + std::to_string(i));
    thread.initial.assign(count, 0);
    thread.body = std::move(body);
  }
  return program;
}

}  // namespace walkrace::litmus
