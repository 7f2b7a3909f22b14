// Litmus programs in C++: what a test writes by hand and a generator draws. One function an
// instruction, under the kernel's name for it; locations and registers are numbers.
#ifndef WALKRACE_LITMUS_MAKE_PROGRAM_H_
#define WALKRACE_LITMUS_MAKE_PROGRAM_H_

#include <string>
#include <utility>
#include <vector>

#include "litmus/program.h"

namespace walkrace::litmus {

Expression Constant(Value value);
Expression Register(int number);
Expression AddressExpression(int location);
Expression Binary(Operator op, const Expression& left, const Expression& right);
// The address of `location` (its value: `value`), with a dependency on the register.
Expression AddressDependingOn(int location, int number);
Expression ValueDependingOn(Value value, int number);

// A location's number is its address, a number is its value.
struct At {
  At(int location) : expression(AddressExpression(location)) {}  // NOLINT: implicit
  At(Expression address) : expression(std::move(address)) {}     // NOLINT: implicit
  Expression expression;
};
struct Operand {
  Operand(Value value) : expression(Constant(value)) {}        // NOLINT: implicit
  Operand(int value) : expression(Constant(value)) {}          // NOLINT: implicit
  Operand(Expression value) : expression(std::move(value)) {}  // NOLINT: implicit
  Expression expression;
};

Instruction Assign(int target, const Operand& value);
Instruction Load(int target, const At& at, Order order = Order::kRelaxed);
Instruction Store(const At& at, const Operand& value, Order order = Order::kRelaxed);
Instruction Rmw(RmwKind kind, int target, const At& at, const Operand& operand,
                Order order = Order::kFull);
Instruction RmwWithoutValue(RmwKind kind, const At& at, const Operand& operand);
Instruction Cmpxchg(int target, const At& at, const Operand& expected, const Operand& value,
                    Order order = Order::kFull);
Instruction AddUnless(int target, const At& at, const Operand& added, const Operand& forbidden,
                      Order order = Order::kFull);
Instruction FenceOf(Fence fence);
Instruction SpinLock(const At& lock);
Instruction SpinTrylock(int target, const At& lock);
Instruction SpinUnlock(const At& lock);
Instruction SpinIsLocked(int target, const At& lock);
Instruction RcuReadLock();
Instruction RcuReadUnlock();
Instruction SynchronizeRcu();
Instruction If(const Expression& condition, std::vector<Instruction> then,
               std::vector<Instruction> otherwise = {});

// Locations are `x`, `y`, ... with 0 in them, and locks; registers `r0`, ... as many as are used.
Program MakeProgram(const std::string& name, int location_count,
                    std::vector<std::vector<Instruction>> threads, int lock_count = 0);

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_MAKE_PROGRAM_H_
