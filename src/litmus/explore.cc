#include "litmus/explore.h"

#include <algorithm>
#include <set>

#include "absl/container/flat_hash_set.h"
#include "base/check.h"
#include "base/fingerprint.h"
#include "engine/weak_memory.h"
#include "engine/weak_memory_state.h"
#include "litmus/code.h"
#include "litmus/evaluate.h"
#include "litmus/futures.h"

namespace walkrace::litmus {
namespace {

// The choices of one execution after another, in depth-first order.
class Choices {
 public:
  void Rewind() { next_ = 0; }
  // Whether what comes now has not been there in the executions before.
  bool IsNew() const { return next_ == taken_.size(); }
  // Returns one of 0 .. count - 1.
  int Choose(int count) {
    if (count == 1) return 0;
    if (next_ == taken_.size()) taken_.push_back({0, count});
    WR_CHECK(taken_[next_].count == count);
    return taken_[next_++].choice;
  }
  // Goes on to the next execution; returns false when there is none.
  bool Advance() {
    taken_.resize(next_);
    while (!taken_.empty() && taken_.back().choice + 1 == taken_.back().count) taken_.pop_back();
    if (taken_.empty()) return false;
    ++taken_.back().choice;
    return true;
  }

 private:
  struct Taken {
    int choice, count;
  };
  std::vector<Taken> taken_;
  size_t next_ = 0;
};

Time TimeStepFor(const std::vector<std::vector<Code>>& code) {
  size_t longest = 0;
  for (const std::vector<Code>& thread : code) longest = std::max(longest, thread.size());
  return static_cast<Time>(2 * longest + 2);
}

std::vector<std::vector<Code>> FlattenAll(const Program& program, const MemoryRules& rules) {
  const FlattenOptions options = {.every_rmw_is_full = rules.rmw_is_full,
                                  .has_grace_periods = HasGracePeriods(program)};
  std::vector<std::vector<Code>> code;
  code.reserve(program.threads.size());
  for (const Thread& thread : program.threads) code.push_back(Flatten(thread, options));
  return code;
}

// One way on from a state: a store that was issued commits, or a thread goes on up to its next step
// that others can notice, or (thread -1) all go on to their ends.
struct Way {
  CpuId thread;
  WriteId commit;
};

// Loads run at some time in the past, so that it is no loss to execute them as late as possible:
// just before the next step of their thread that others can notice. These steps are what is put in
// every order; what comes of a state is followed once.
class Explorer {
 public:
  Explorer(const Program& program, const MemoryRules& rules, bool merges)
      : program_(program),
        rules_(rules),
        merges_(merges),
        has_grace_periods_(HasGracePeriods(program)),
        code_(FlattenAll(program, rules)),
        time_step_(TimeStepFor(code_)),
        memory_(rules),
        memory_state_(memory_, time_step_) {
    for (const std::vector<Code>& code : code_) {
      futures_.push_back(FuturesOf(code, rules.rmw_is_full));
    }
    words_.resize(program.locations.size());
    threads_.resize(program.threads.size());
  }

  // Runs one execution; returns whether it counts: it came to an end that no other one came to, by
  // the same state.
  bool Run(Choices& choices) {
    choices_ = &choices;
    choices.Rewind();
    Begin();
    for (;;) {
      if (merges_ && choices.IsNew() && !visited_.insert(StateNow()).second) return false;
      ways_.clear();
      CollectWays();
      if (ways_.empty()) return false;
      const Way way = ways_[choices.Choose(static_cast<int>(ways_.size()))];
      if (way.thread < 0) return EndAll();
      now_ += time_step_;
      if (way.commit != kInitialWrite) {
        Commit(way.thread, way.commit);
      } else if (!Advance(way.thread)) {
        return false;
      }
    }
  }

  FinalState State() const {
    FinalState state;
    for (const ThreadState& thread : threads_) state.registers.push_back(thread.registers);
    for (const uint64_t word : words_) state.locations.push_back(static_cast<Value>(word));
    return state;
  }

 private:
  struct Update {
    RmwKind kind;
    Value operand;

    friend auto operator<=>(const Update&, const Update&) = default;
  };
  struct ThreadState {
    size_t at;
    std::vector<Value> registers;
    std::vector<uint64_t> taints;  // the loads that each register's value depends on
    bool fence_due;
    uint64_t held;  // its locks: bit n, location n
    int rcu_depth;
    Time rcu_since;
    Time grace_period_since;
  };

  void Begin() {
    const int count = static_cast<int>(threads_.size());
    memory_.Begin(count);
    now_ = 0;
    ending_ = false;
    for (size_t i = 0; i < words_.size(); ++i) {
      words_[i] = static_cast<uint64_t>(program_.locations[i].initial);
    }
    for (int i = 0; i < count; ++i) {
      ThreadState& thread = threads_[i];
      thread.at = 0;
      thread.registers = program_.threads[i].initial;
      thread.registers.resize(program_.threads[i].registers.size());
      thread.taints.assign(thread.registers.size(), 0);
      thread.fence_due = false;
      thread.held = 0;
      thread.rcu_depth = 0;
    }
  }

  // All that the rest of the execution depends on.
  std::pair<uint64_t, uint64_t> StateNow() {
    CpuFuture futures[kCpusMax];
    const auto count = static_cast<CpuId>(threads_.size());
    for (CpuId id = 0; id < count; ++id) futures[id] = futures_[id][threads_[id].at].cpu;
    memory_state_.Look(futures);
    Fingerprint fingerprint;
    for (CpuId id = 0; id < count; ++id) AddThread(id, fingerprint);
    memory_state_.AddTo(fingerprint);
    return fingerprint.value();
  }

  void AddThread(CpuId id, Fingerprint& fingerprint) {
    const ThreadState& thread = threads_[id];
    fingerprint.Add(thread.at);
    fingerprint.Add(thread.fence_due ? 1 : 0);
    fingerprint.Add(thread.held);
    fingerprint.Add(thread.rcu_depth);
    const uint64_t used = futures_[id][thread.at].registers;
    for (size_t i = 0; i < thread.registers.size(); ++i) {
      fingerprint.Add(static_cast<uint64_t>(thread.registers[i]));
      if ((used >> std::min<size_t>(i, 63) & 1) != 0) {
        memory_state_.AddLoads(id, {0, thread.taints[i]}, fingerprint);
      }
    }
    // The readers that its grace period waits for.
    const bool waits =
        thread.at < code_[id].size() && code_[id][thread.at].kind == CodeKind::kGracePeriodEnd;
    uint64_t readers = 0;
    for (size_t i = 0; waits && i < threads_.size(); ++i) {
      const ThreadState& reader = threads_[i];
      const bool is_waited_for =
          reader.rcu_depth > 0 && reader.rcu_since < thread.grace_period_since;
      readers |= is_waited_for ? uint64_t{1} << i : 0;
    }
    fingerprint.Add(readers);
  }

  void CollectWays() {
    bool all_may_end = true;
    for (CpuId id = 0; id < static_cast<CpuId>(threads_.size()); ++id) {
      for (const WriteId late : memory_.late(id)) {
        if (memory_.MayCommit(id, late)) ways_.push_back({id, late});
      }
      const size_t at = threads_[id].at;
      const bool ended = at == code_[id].size();
      if (!ended && code_[id][at].may_act) ways_.push_back({id, kInitialWrite});
      all_may_end &= memory_.late(id).empty() && (ended || code_[id][at].may_end);
    }
    if (all_may_end) ways_.push_back({-1, kInitialWrite});
  }

  // Returns false where some thread does something that others notice: another way has that.
  bool EndAll() {
    ending_ = true;
    for (CpuId id = 0; id < static_cast<CpuId>(threads_.size()); ++id) {
      while (threads_[id].at < code_[id].size()) {
        if (Step(id) != StepResult::kLocal) return false;
      }
    }
    return true;
  }

  // Returns false where the thread ends, or cannot go on: another way has that.
  bool Advance(CpuId id) {
    while (threads_[id].at < code_[id].size()) {
      const StepResult result = Step(id);
      if (result == StepResult::kImpossible) return false;
      if (result == StepResult::kNoticed) return true;
    }
    return false;
  }

  enum class StepResult : uint8_t { kLocal, kNoticed, kImpossible };

  Granule GranuleOf(const ThreadState& thread, const Expression& address) {
    const int location = LocationAt(Evaluate(address, thread.registers), words_.size());
    WR_CHECK(location >= 0);  // IsAddress was asked
    return {static_cast<LocationId>(location), &words_[location]};
  }
  bool IsAddress(const ThreadState& thread, const Expression& address) const {
    return LocationAt(Evaluate(address, thread.registers), words_.size()) >= 0;
  }

  void Set(ThreadState& thread, int target, Value value, uint64_t taint) {
    if (target == kNoRegister) return;
    thread.registers[target] = value;
    thread.taints[target] = taint;
  }

  StepResult Step(CpuId id) {
    now_ += time_step_;
    ThreadState& thread = threads_[id];
    const Code& code = code_[id][thread.at];
    switch (code.kind) {
      case CodeKind::kJump:
        thread.at = code.target;
        return StepResult::kLocal;
      case CodeKind::kJumpIfZero:
        thread.at =
            Evaluate(code.instruction->value, thread.registers) == 0 ? code.target : thread.at + 1;
        return StepResult::kLocal;
      case CodeKind::kFenceAfter:
        ++thread.at;
        if (!thread.fence_due) return StepResult::kLocal;
        thread.fence_due = false;
        return FullFence(id);
      case CodeKind::kGracePeriodEnd:
        ++thread.at;
        return EndGracePeriod(id);
      case CodeKind::kInstruction:
        ++thread.at;
        return Execute(id, *code.instruction);
    }
    return StepResult::kImpossible;
  }

  static uint64_t LockBit(const Granule& granule) { return uint64_t{1} << granule.location; }

  StepResult FullFence(CpuId id) {
    if (!memory_.late(id).empty()) return StepResult::kImpossible;
    memory_.FullFence(id, now_);
    return StepResult::kNoticed;
  }

  StepResult EndGracePeriod(CpuId id) {
    if (!memory_.late(id).empty()) return StepResult::kImpossible;
    for (CpuId other = 0; other < static_cast<CpuId>(threads_.size()); ++other) {
      const ThreadState& reader = threads_[other];
      if (reader.rcu_depth > 0 && reader.rcu_since < threads_[id].grace_period_since) {
        return StepResult::kImpossible;
      }
      if (memory_.DueForGracePeriod(other) != kInitialWrite) return StepResult::kImpossible;
    }
    memory_.GracePeriodEnd(id, now_);
    return StepResult::kNoticed;
  }

  StepResult Execute(CpuId id, const Instruction& instruction) {
    ThreadState& thread = threads_[id];
    switch (instruction.opcode) {
      case Opcode::kAssign:
        Set(thread, instruction.target, Evaluate(instruction.value, thread.registers),
            Taint(instruction.value, thread.taints));
        return StepResult::kLocal;
      case Opcode::kFence:
        return ExecuteFence(id, instruction.fence);
      case Opcode::kRcuLock:
        if (thread.rcu_depth++ == 0) thread.rcu_since = now_;
        memory_.RcuReadLock(id);
        return has_grace_periods_ ? StepResult::kNoticed : StepResult::kLocal;
      case Opcode::kRcuUnlock:
        if (thread.rcu_depth == 0) return StepResult::kImpossible;
        if (--thread.rcu_depth == 0) memory_.RcuReadUnlock(id);
        return has_grace_periods_ ? StepResult::kNoticed : StepResult::kLocal;
      case Opcode::kSynchronizeRcu:
        if (!memory_.late(id).empty()) return StepResult::kImpossible;
        thread.grace_period_since = now_;
        memory_.GracePeriodBegin(id, now_);
        return StepResult::kNoticed;
      default:
        if (!IsAddress(thread, instruction.address)) return StepResult::kImpossible;
        return ExecuteAccess(id, instruction);
    }
  }

  StepResult ExecuteFence(CpuId id, Fence fence) {
    switch (fence) {
      case Fence::kBarrier:
        return StepResult::kLocal;
      case Fence::kRmb:
        memory_.ReadFence(id);
        return StepResult::kLocal;
      case Fence::kWmb:
        memory_.WriteFence(id);
        return StepResult::kLocal;
      default:
        return FullFence(id);
    }
  }

  StepResult ExecuteAccess(CpuId id, const Instruction& instruction) {
    switch (instruction.opcode) {
      case Opcode::kLoad:
      case Opcode::kIsLocked:
        return Load(id, instruction);
      case Opcode::kStore:
        return Store(id, instruction);
      case Opcode::kUnlock: {
        WeakMemory::StoreRequest request;
        request.granule = GranuleOf(threads_[id], instruction.address);
        if ((threads_[id].held & LockBit(request.granule)) == 0) return StepResult::kImpossible;
        threads_[id].held &= ~LockBit(request.granule);
        request.unlock = true;
        return IssueStore(id, request);
      }
      case Opcode::kRmw:
        if (!instruction.returns_value && !rules_.rmw_is_full) return LateRmw(id, instruction);
        return Rmw(id, instruction);
      default:
        return Rmw(id, instruction);
    }
  }

  WeakMemory::LoadRequest RequestOf(const ThreadState& thread, const Instruction& instruction) {
    WeakMemory::LoadRequest request;
    request.granule = GranuleOf(thread, instruction.address);
    request.after = {0, Taint(instruction.address, thread.taints)};
    request.acquire = instruction.order == Order::kAcquire;
    return request;
  }

  // Executes it with a value that it may read.
  StepResult Load(CpuId id, const Instruction& instruction) {
    ThreadState& thread = threads_[id];
    const WeakMemory::LoadRequest request = RequestOf(thread, instruction);
    if (memory_.MustCommitBeforeLoad(id, request.granule.location) != kInitialWrite) {
      return StepResult::kImpossible;
    }
    const int age = choices_->Choose(memory_.CountReadable(id, request, now_));
    KeepLoad(id, request, age, instruction.target);
    return StepResult::kLocal;
  }

  WeakMemory::LoadResult KeepLoad(CpuId id, const WeakMemory::LoadRequest& request, int age,
                                  int target) {
    const uint32_t number = memory_.load_count(id);
    const WeakMemory::LoadResult result = memory_.Load(id, request, age, now_);
    Set(threads_[id], target, static_cast<Value>(result.granule),
        number < 64 ? uint64_t{1} << number : 0);
    return result;
  }

  StepResult Store(CpuId id, const Instruction& instruction) {
    const ThreadState& thread = threads_[id];
    WeakMemory::StoreRequest request;
    request.granule = GranuleOf(thread, instruction.address);
    request.value = static_cast<uint64_t>(Evaluate(instruction.value, thread.registers));
    request.release = instruction.order == Order::kRelease;
    request.after = {
        0, Taint(instruction.address, thread.taints) | Taint(instruction.value, thread.taints)};
    return IssueStore(id, request);
  }

  static uint64_t ApplyUpdate(uint64_t old, const void* argument) {
    const auto* update = static_cast<const Update*>(argument);
    return static_cast<uint64_t>(Apply(update->kind, static_cast<Value>(old), update->operand));
  }

  StepResult LateRmw(CpuId id, const Instruction& instruction) {
    const ThreadState& thread = threads_[id];
    WeakMemory::StoreRequest request;
    request.granule = GranuleOf(thread, instruction.address);
    const Update update = {instruction.rmw, Evaluate(instruction.value, thread.registers)};
    request.update = &ApplyUpdate;
    request.argument = &*updates_.insert(update).first;
    return IssueStore(id, request);
  }

  void Commit(CpuId id, WriteId write) {
    const int under = choices_->Choose(memory_.CountPlaces(id, write, now_));
    memory_.Commit(id, write, now_, under);
  }

  // It commits now, or another step of this thread is first.
  StepResult IssueStore(CpuId id, const WeakMemory::StoreRequest& request) {
    if (ending_) return StepResult::kNoticed;
    const WriteId write = memory_.Issue(id, request, now_);
    const bool may_be_late = !rules_.stores_in_order && code_[id].size() != threads_[id].at;
    if (may_be_late && choices_->Choose(2) == 1) return StepResult::kLocal;
    if (!memory_.MayCommit(id, write)) return StepResult::kImpossible;
    Commit(id, write);
    return StepResult::kNoticed;
  }

  StepResult Rmw(CpuId id, const Instruction& instruction) {
    ThreadState& thread = threads_[id];
    const bool takes_lock =
        instruction.opcode == Opcode::kLock || instruction.opcode == Opcode::kTrylock;
    WeakMemory::RmwRequest rmw;
    WeakMemory::LoadRequest load = RequestOf(thread, instruction);
    rmw.granule = load.granule;
    rmw.lock = takes_lock;
    rmw.release = instruction.order == Order::kRelease;
    const bool is_full = IsFullyOrdered(instruction, rules_.rmw_is_full);
    const WriteId own = memory_.MustCommitBeforeLoad(id, load.granule.location);
    if (own != kInitialWrite) return StepResult::kImpossible;

    // Whether it succeeds is decided by what it reads: success reads the newest.
    const auto expected = Evaluate(instruction.expected, thread.registers);
    const auto fails = [&](Value old) {
      if (takes_lock) return old != 0;
      if (instruction.rmw == RmwKind::kCmpxchg) return old != expected;
      return instruction.rmw == RmwKind::kAddUnless && old == expected;
    };
    const bool may_succeed = !fails(static_cast<Value>(*load.granule.memory));
    const bool may_fail =
        instruction.opcode == Opcode::kTrylock ||
        (instruction.opcode == Opcode::kRmw &&
         (instruction.rmw == RmwKind::kCmpxchg || instruction.rmw == RmwKind::kAddUnless));
    if (!may_succeed && !may_fail) return StepResult::kImpossible;
    if (may_fail && (!may_succeed || choices_->Choose(2) == 1)) {
      load.acquire = false;
      const int age = choices_->Choose(memory_.CountReadable(id, load, now_));
      const WeakMemory::LoadResult result = KeepLoad(id, load, age, instruction.target);
      if (!fails(static_cast<Value>(result.granule))) return StepResult::kImpossible;
      if (instruction.opcode == Opcode::kTrylock) {
        Set(thread, instruction.target, 0, TaintOf(thread, instruction.target));
      }
      return StepResult::kLocal;
    }
    if (is_full) {
      if (!memory_.late(id).empty()) return StepResult::kImpossible;
      memory_.FullFence(id, now_);
      thread.fence_due = true;
    }
    if (memory_.MustCommitFirst(id, rmw) != kInitialWrite) return StepResult::kImpossible;
    if (takes_lock) load.acquire = true;
    const Value operand = Evaluate(instruction.value, thread.registers);  // r0 = xchg(x, r0)
    const WeakMemory::LoadResult read = KeepLoad(id, load, 0, instruction.target);
    const auto old = static_cast<Value>(read.granule);
    rmw.value = static_cast<uint64_t>(takes_lock ? 1 : Apply(instruction.rmw, old, operand));
    if (instruction.opcode == Opcode::kTrylock) {
      Set(thread, instruction.target, 1, TaintOf(thread, instruction.target));
    }
    if (takes_lock) thread.held |= LockBit(rmw.granule);
    memory_.CommitRmw(id, rmw, read.write, now_);
    return StepResult::kNoticed;
  }

  static uint64_t TaintOf(const ThreadState& thread, int target) {
    return target == kNoRegister ? 0 : thread.taints[target];
  }

  const Program& program_;
  const MemoryRules rules_;
  const bool merges_;
  const bool has_grace_periods_;
  const std::vector<std::vector<Code>> code_;
  std::vector<std::vector<CodeFuture>> futures_;
  const Time time_step_;
  WeakMemory memory_;
  WeakMemoryState memory_state_;
  absl::flat_hash_set<std::pair<uint64_t, uint64_t>> visited_;
  std::vector<uint64_t> words_;
  std::vector<ThreadState> threads_;
  std::set<Update> updates_;  // equal ones have one address
  std::vector<Way> ways_;
  Choices* choices_ = nullptr;
  Time now_ = 0;
  bool ending_ = false;
};

}  // namespace

Exploration Explore(const Program& program, MemoryKind memory, const ExploreOptions& options) {
  WR_CHECK(program.threads.size() <= kCpusMax);
  Exploration result;
  Explorer explorer(program, *MemoryRowOf(memory).rules, options.merges);
  Choices choices;
  uint64_t runs = 0;
  do {
    if (runs >= options.executions_max || (options.stop && runs % 1024 == 0 && options.stop())) {
      result.complete = false;
      break;
    }
    ++runs;
    if (!explorer.Run(choices)) continue;
    ++result.executions;
    ++result.states[explorer.State()];
  } while (choices.Advance());
  return result;
}

}  // namespace walkrace::litmus
