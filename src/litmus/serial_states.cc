#include "litmus/serial_states.h"

#include <cstdint>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "litmus/evaluate.h"

namespace walkrace::litmus {
namespace {

struct Frame {
  const std::vector<Instruction>* body;
  size_t next;
};

struct ThreadState {
  std::vector<Frame> frames;
  std::vector<Value> registers;
  int rcu_depth = 0;
  int rcu_sections = 0;                        // begun so far
  std::vector<std::pair<int, int>> waits_for;  // a grace period: threads, and their sections
  bool in_grace_period = false;
};

struct MachineState {
  std::vector<Value> memory;
  std::vector<ThreadState> threads;
};

// All that tells two states apart.
std::string Key(const MachineState& state) {
  std::vector<Value> words = state.memory;
  for (const ThreadState& thread : state.threads) {
    words.push_back(static_cast<Value>(thread.frames.size()));
    for (const Frame& frame : thread.frames) {
      words.push_back(static_cast<Value>(reinterpret_cast<uintptr_t>(frame.body)));
      words.push_back(static_cast<Value>(frame.next));
    }
    words.insert(words.end(), thread.registers.begin(), thread.registers.end());
    words.push_back(thread.rcu_depth);
    words.push_back(thread.rcu_sections);
    words.push_back(thread.in_grace_period);
    words.push_back(static_cast<Value>(thread.waits_for.size()));
    for (const auto& [number, section] : thread.waits_for) {
      words.push_back(number);
      words.push_back(section);
    }
  }
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(Value)};
}

bool IsLocal(const Instruction& it) {
  return it.opcode == Opcode::kAssign || it.opcode == Opcode::kFence || it.opcode == Opcode::kIf;
}

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
      DoLocalSteps(it);
    }
    Explore(state);
    return std::move(result_);
  }

 private:
  void Explore(const MachineState& state) {
    if (!seen_.insert(Key(state)).second) return;
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
    return Evaluate(expression, thread.registers);
  }

  // Nobody sees these: they need no turn of their own.
  static void DoLocalSteps(ThreadState& thread) {
    while (!thread.frames.empty()) {
      Frame& frame = thread.frames.back();
      if (frame.next == frame.body->size()) {
        thread.frames.pop_back();
        continue;
      }
      const Instruction& it = (*frame.body)[frame.next];
      if (!IsLocal(it)) return;
      ++frame.next;
      if (it.opcode == Opcode::kAssign) thread.registers.at(it.target) = Eval(thread, it.value);
      if (it.opcode == Opcode::kIf) {
        thread.frames.push_back({Eval(thread, it.value) != 0 ? &it.then : &it.otherwise, 0});
      }
    }
  }

  // Returns false where the thread cannot go on now, or ever.
  static bool Step(MachineState& state, ThreadState& thread, int self) {
    const Frame& frame = thread.frames.back();
    if (!Do(state, thread, self, (*frame.body)[frame.next])) return false;
    if (thread.in_grace_period) return true;  // comes back here
    ++thread.frames.back().next;
    DoLocalSteps(thread);
    return true;
  }

  static bool Do(MachineState& state, ThreadState& thread, int self, const Instruction& it) {
    switch (it.opcode) {
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

  static bool DoAccess(MachineState& state, ThreadState& thread, const Instruction& it) {
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
    const bool fails = (it.rmw == RmwKind::kCmpxchg && old != Eval(thread, it.expected)) ||
                       (it.rmw == RmwKind::kAddUnless && old == Eval(thread, it.expected));
    return fails ? old : Apply(it.rmw, old, Eval(thread, it.value));
  }

  const Program& program_;
  std::unordered_set<std::string> seen_;
  std::set<FinalState> result_;
};

}  // namespace

std::set<FinalState> SerialStates(const Program& program) { return Interleaver(program).Go(); }

}  // namespace walkrace::litmus
