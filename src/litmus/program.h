// A litmus test as the models and the checker see it: shared locations, threads of instructions,
// and a condition on the state at the end. What herd's C flavour nests in expressions (a
// READ_ONCE in an `if`) is one instruction and a register here. Shapes only: parse.h reads them.
#ifndef WALKRACE_LITMUS_PROGRAM_H_
#define WALKRACE_LITMUS_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/event.h"

namespace walkrace::litmus {

// A number, or the address of a location (AddressOf): what registers and locations hold.
using Value = int64_t;

inline constexpr Value kAddressBase = Value{1} << 40;
constexpr Value AddressOf(int location) { return kAddressBase + 8 * Value{location}; }
// Returns the location at this address, or -1.
constexpr int LocationAt(Value address, int location_count) {
  const Value offset = address - kAddressBase;
  if (offset < 0 || offset % 8 != 0 || offset / 8 >= location_count) return -1;
  return static_cast<int>(offset / 8);
}

enum class Operator : uint8_t {
  kConstant,  // `constant`
  kRegister,  // register number `constant` of the thread
  kNot,       // !left; the rest are of C, on both operands
  kNegate,
  kComplement,
  kAdd,
  kSubtract,
  kMultiply,
  kAnd,
  kOr,
  kXor,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kLogicalAnd,
  kLogicalOr,
};

struct Expression {
  Operator op = Operator::kConstant;
  Value constant = 0;
  std::shared_ptr<const Expression> left, right;
};

enum class Opcode : uint8_t {
  kAssign,   // target = value
  kLoad,     // target = *address; kPlain, kRelaxed (READ_ONCE) or kAcquire
  kStore,    // *address = value; kPlain, kRelaxed (WRITE_ONCE) or kRelease
  kRmw,      // target = old *address. See `rmw`, `expected`; kFull where it returns a value and
             // has no suffix
  kFence,    // `fence`
  kLock,     // spin_lock(address)
  kTrylock,  // target = spin_trylock(address)
  kUnlock,
  kIsLocked,  // target = spin_is_locked(address)
  kRcuLock,
  kRcuUnlock,
  kSynchronizeRcu,
  kIf,  // value != 0: `then`, else `otherwise`
};

enum class Fence : uint8_t {
  kMb,
  kRmb,
  kWmb,
  kBeforeAtomic,
  kAfterAtomic,
  kAfterSpinlock,
  kAfterUnlockLock,
  kBarrier,
};

inline constexpr int kNoRegister = -1;

struct Instruction {
  Opcode opcode = Opcode::kAssign;
  Order order = Order::kRelaxed;
  RmwKind rmw = RmwKind::kXchg;
  Fence fence = Fence::kMb;
  // Of kRmw: false for atomic_add() and the like, which order nothing by themselves and whose
  // read smp_rmb() does not order.
  bool returns_value = true;
  int target = kNoRegister;
  Expression address;
  Expression value;     // kRmw: the operand
  Expression expected;  // kCmpxchg: the expected value; kAddUnless: the one that forbids it
  std::vector<Instruction> then, otherwise;
  int line = 0;  // of the file, 1-based
};

struct Location {
  std::string name;
  Value initial = 0;
  bool is_lock = false;
};

struct Thread {
  std::vector<std::string> registers;  // names; those that the parser made start with '$'
  std::vector<Value> initial;          // of the registers
  std::vector<Instruction> body;
};

// The state that an execution ends in.
struct FinalState {
  std::vector<std::vector<Value>> registers;  // [thread][register]
  std::vector<Value> locations;               // the last value in coherence order

  friend auto operator<=>(const FinalState&, const FinalState&) = default;
};

enum class Connective : uint8_t { kTrue, kEqual, kNotEqual, kAnd, kOr, kNot, kImplies };

// What a condition compares: a register, or a location where thread is -1.
struct Place {
  int thread = -1;
  int index = 0;
};

struct Condition {
  Connective connective = Connective::kTrue;
  Place place;      // kEqual, kNotEqual
  Value value = 0;  // there
  std::vector<Condition> operands;
};

enum class Quantifier : uint8_t { kExists, kNotExists, kForall };

struct Program {
  std::string name;
  std::vector<Location> locations;
  std::vector<Thread> threads;  // up to kCpusMax
  Quantifier quantifier = Quantifier::kExists;
  Condition condition;
  Condition filter;          // executions that do not meet it are not counted
  std::vector<Place> shown;  // of `locations [...]`, in its order
  std::string expected;      // "Never", "Sometimes", "Always" of a "Result:" comment, or empty
};

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_PROGRAM_H_
