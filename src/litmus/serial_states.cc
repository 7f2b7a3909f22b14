#include "litmus/serial_states.h"

#include <utility>
#include <vector>

#include "litmus/expression.h"

namespace walkrace::litmus {
namespace {

struct Frame {
  const std::vector<Instruction>* body;
  size_t next;
  friend auto operator<=>(const Frame&, const Frame&) = default;
};

struct ThreadState {
  std::vector<Frame> frames;
  std::vector<Value> registers;
  int rcu_depth = 0;
  int rcu_sections = 0;                        // begun so far
  std::vector<std::pair<int, int>> waits_for;  // a grace period: threads, and their sections
  bool in_grace_period = false;
  friend auto operator<=>(const ThreadState&, const ThreadState&) = default;
};

struct MachineState {
  std::vector<Value> memory;
  std::vector<ThreadState> threads;
  friend auto operator<=>(const MachineState&, const MachineState&) = default;
};

class Interleaver {
 public:
  explicit Interleaver(const Program& program) : program_(program) {}

  std::set<FinalState> Go() {
    MachineState state;
    for (const Location& location : program_.locations) {
      state.memory.push_back(location.is_lock ? 0 : location.initial);
    }
    for (const Thread& thread : program_.threads) {
      ThreadState& it = state.threads.emplace_back();
      it.frames.push_back({&thread.body, 0});
      it.registers = thread.initial;
      it.registers.resize(thread.registers.size(), 0);
    }
    Explore(state);
    return std::move(result_);
  }

 private:
  void Explore(const MachineState& state) {
    if (!seen_.insert(state).second) return;
    bool all_done = true;
    for (size_t i = 0; i < state.threads.size(); ++i) {
      if (state.threads[i].frames.empty()) continue;
      all_done = false;
      MachineState next = state;
      if (Step(next, next.threads[i], static_cast<int>(i))) Explore(next);
    }
    if (!all_done) return;
    FinalState final_state;
    for (const ThreadState& thread : state.threads) {
      final_state.registers.push_back(thread.registers);
    }
    final_state.locations = state.memory;
    result_.insert(final_state);
  }

  static Value Eval(const ThreadState& thread, const Expression& expression) {
    return Evaluate(expression, [&](int number) { return thread.registers.at(number); });
  }

  // Returns false where the thread cannot go on now, or ever.
  bool Step(MachineState& state, ThreadState& thread, int self) {
    while (!thread.frames.empty() &&
           thread.frames.back().next == thread.frames.back().body->size()) {
      thread.frames.pop_back();
    }
    if (thread.frames.empty()) return true;
    const Instruction& it = (*thread.frames.back().body)[thread.frames.back().next];
    if (!Do(state, thread, self, it)) return false;
    if (thread.in_grace_period) return true;  // comes back here
    if (it.opcode != Opcode::kIf) ++thread.frames.back().next;
    return true;
  }

  bool Do(MachineState& state, ThreadState& thread, int self, const Instruction& it) {
    switch (it.opcode) {
      case Opcode::kAssign:
        thread.registers.at(it.target) = Eval(thread, it.value);
        return true;
      case Opcode::kIf: {
        const bool yes = Eval(thread, it.value) != 0;
        ++thread.frames.back().next;
        thread.frames.push_back({yes ? &it.then : &it.otherwise, 0});
        return true;
      }
      case Opcode::kFence:
        return true;
      case Opcode::kRcuLock:
        if (thread.rcu_depth++ == 0) ++thread.rcu_sections;
        return true;
      case Opcode::kRcuUnlock:
        --thread.rcu_depth;
        return true;
      case Opcode::kSynchronizeRcu:
        return DoGracePeriod(state, thread, self);
      default:
        return DoAccess(state, thread, it);
    }
  }

  // A step for the begin, and one for the end.
  static bool DoGracePeriod(MachineState& state, ThreadState& thread, int self) {
    if (!thread.in_grace_period) {
      thread.in_grace_period = true;
      for (size_t i = 0; i < state.threads.size(); ++i) {
        const ThreadState& other = state.threads[i];
        if (other.rcu_depth > 0) thread.waits_for.emplace_back(i, other.rcu_sections);
      }
      return true;
    }
    for (const auto& [number, section] : thread.waits_for) {
      const ThreadState& other = state.threads[number];
      if (number == self || (other.rcu_depth > 0 && other.rcu_sections == section)) return false;
    }
    thread.in_grace_period = false;
    thread.waits_for.clear();
    return true;
  }

  bool DoAccess(MachineState& state, ThreadState& thread, const Instruction& it) {
    const int location =
        LocationAt(Eval(thread, it.address), static_cast<int>(state.memory.size()));
    if (location < 0) return false;
    Value& memory = state.memory[location];
    const Value old = memory;
    Value target = old;
    switch (it.opcode) {
      case Opcode::kStore:
        memory = Eval(thread, it.value);
        return true;
      case Opcode::kRmw:
        memory = AfterRmw(thread, it, old);
        break;
      case Opcode::kLock:
        if (old != 0) return false;
        memory = 1;
        return true;
      case Opcode::kUnlock:
        memory = 0;
        return true;
      case Opcode::kTrylock:
        memory = 1;
        target = old == 0;
        break;
      default:  // kLoad, kIsLocked
        break;
    }
    if (it.target != kNoRegister) thread.registers.at(it.target) = target;
    return true;
  }

  static Value AfterRmw(const ThreadState& thread, const Instruction& it, Value old) {
    const Value operand = Eval(thread, it.value);
    switch (it.rmw) {
      case RmwKind::kXchg:
        return operand;
      case RmwKind::kAdd:
        return old + operand;
      case RmwKind::kSub:
        return old - operand;
      case RmwKind::kAnd:
        return old & operand;
      case RmwKind::kOr:
        return old | operand;
      case RmwKind::kCmpxchg:
        return old == Eval(thread, it.expected) ? operand : old;
      case RmwKind::kAddUnless:
        return old != Eval(thread, it.expected) ? old + operand : old;
    }
    return old;
  }

  const Program& program_;
  std::set<MachineState> seen_;
  std::set<FinalState> result_;
};

}  // namespace

std::set<FinalState> SerialStates(const Program& program) { return Interleaver(program).Go(); }

}  // namespace walkrace::litmus
