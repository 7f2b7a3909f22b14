#include "litmus/thread_runs.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/check.h"
#include "litmus/evaluate.h"

namespace walkrace::litmus {
namespace {

using LoadSet = uint64_t;  // load instructions, by their position in the program

// A value that a location may hold, and the load instructions whose values it was computed from:
// none of them can have read it.
struct PossibleValue {
  Value value = 0;
  LoadSet origins = 0;
};

// The values of one location. Of a value it keeps the smallest sets of origins.
class PossibleValues {
 public:
  // Returns true where this is new.
  bool Add(PossibleValue added) {
    int same = 0;
    LoadSet common = added.origins;
    for (const PossibleValue& known : values_) {
      if (known.value != added.value) continue;
      if ((known.origins & ~added.origins) == 0) return false;
      common &= known.origins;
      ++same;
    }
    // Too many ways to one value: say less of it, which only makes more runs.
    if (same >= kOriginsMax) added.origins = common;
    std::erase_if(values_, [&](const PossibleValue& known) {
      return known.value == added.value && (added.origins & ~known.origins) == 0;
    });
    values_.push_back(added);
    return true;
  }
  const std::vector<PossibleValue>& values() const { return values_; }

 private:
  static constexpr int kOriginsMax = 24;
  std::vector<PossibleValue> values_;
};

void NumberLoads(const std::vector<Instruction>& body,
                 std::unordered_map<const Instruction*, int>& numbers) {
  for (const Instruction& instruction : body) {
    if (instruction.opcode == Opcode::kLoad || instruction.opcode == Opcode::kRmw) {
      numbers.emplace(&instruction, static_cast<int>(numbers.size()));
    }
    NumberLoads(instruction.then, numbers);
    NumberLoads(instruction.otherwise, numbers);
  }
}

// Runs one thread again and again, each time with the next choice of values.
class RunMaker {
 public:
  RunMaker(const Program& program, const Thread& thread,
           const std::unordered_map<const Instruction*, int>& load_numbers,
           const std::vector<PossibleValues>& possible)
      : program_(program), thread_(thread), load_numbers_(load_numbers), possible_(possible) {}

  // Calls visit(run, stores) for each run until it returns false. `with_origins`: also once for
  // each way in which a value may have come about.
  template <typename Visit>
  void Go(bool with_origins, Visit visit) {
    with_origins_ = with_origins;
    choices_.clear();
    do {
      Reset();
      if (Execute(thread_.body, 0)) {
        run_.registers = registers_;
        if (!visit(run_, stores_)) return;
      }
    } while (NextChoice());
  }

  struct Stored {
    int location;
    PossibleValue value;
  };

 private:
  struct Computed {
    Value value = 0;
    EventSet reads = 0;  // events of this run
    LoadSet origins = 0;
  };
  struct Choice {
    int picked;
    int count;
  };

  void Reset() {
    run_.events.clear();
    run_.fences.clear();
    run_.rcu_sections.clear();
    stores_.clear();
    rcu_open_.clear();
    next_choice_ = 0;
    held_.assign(program_.locations.size(), false);
    registers_ = thread_.initial;
    registers_.resize(thread_.registers.size(), 0);
    reads_.assign(registers_.size(), 0);
    origins_.assign(registers_.size(), 0);
  }

  // Depth first: the last choice that has an alternative takes it, those behind it are forgotten.
  bool NextChoice() {
    choices_.resize(next_choice_);
    while (!choices_.empty() && choices_.back().picked + 1 == choices_.back().count) {
      choices_.pop_back();
    }
    if (choices_.empty()) return false;
    ++choices_.back().picked;
    return true;
  }
  int Choose(int count) {
    if (next_choice_ == static_cast<int>(choices_.size())) choices_.push_back({0, count});
    WR_CHECK(choices_[next_choice_].count == count);
    return choices_[next_choice_++].picked;
  }

  Computed Eval(const Expression& expression) const {
    return {Evaluate(expression, registers_), Taint(expression, reads_),
            Taint(expression, origins_)};
  }
  void SetTarget(const Instruction& instruction, const Computed& value) {
    if (instruction.target == kNoRegister) return;
    registers_.at(instruction.target) = value.value;
    reads_.at(instruction.target) = value.reads;
    origins_.at(instruction.target) = value.origins;
  }

  int last_event() const { return static_cast<int>(run_.events.size()) - 1; }
  void AddFence(Fence fence) {
    run_.fences.push_back({fence, static_cast<int>(run_.events.size())});
  }
  RunEvent& AddEvent(EventType type, Annotation annotation, EventSet control) {
    WR_CHECK(run_.events.size() < kEventsMax);
    RunEvent event;
    event.type = type;
    event.annotation = annotation;
    event.control_from = control;
    run_.events.push_back(event);
    return run_.events.back();
  }
  RunEvent& AddAccess(EventType type, Annotation annotation, EventSet control,
                      const Computed& address, Value value) {
    RunEvent& event = AddEvent(type, annotation, control);
    event.location = LocationOf(address);
    event.address_from = address.reads;
    event.value = value;
    return event;
  }
  int LocationOf(const Computed& address) const {
    return LocationAt(address.value, static_cast<int>(program_.locations.size()));
  }

  // Chooses what a load instruction returns; nothing where it can return nothing.
  std::optional<PossibleValue> ChooseValue(const Instruction& instruction, int location) {
    const LoadSet self = LoadSet{1} << load_numbers_.at(&instruction);
    options_.clear();
    for (const PossibleValue& possible : possible_[location].values()) {
      if ((possible.origins & self) != 0) continue;
      const bool known = !with_origins_ &&
                         std::any_of(options_.begin(), options_.end(),
                                     [&](auto& option) { return option.value == possible.value; });
      if (!known) options_.push_back(possible);
    }
    if (options_.empty()) return std::nullopt;
    PossibleValue result = options_[Choose(static_cast<int>(options_.size()))];
    result.origins |= self;
    return result;
  }

  // Returns false where there is no such run.
  bool Execute(const std::vector<Instruction>& body, EventSet control) {
    return std::all_of(body.begin(), body.end(), [&](const Instruction& instruction) {
      return Execute(instruction, control);
    });
  }

  bool Execute(const Instruction& instruction, EventSet control) {
    switch (instruction.opcode) {
      case Opcode::kAssign:
        SetTarget(instruction, Eval(instruction.value));
        return true;
      case Opcode::kIf: {
        const Computed condition = Eval(instruction.value);
        return Execute(condition.value != 0 ? instruction.then : instruction.otherwise,
                       control | condition.reads);
      }
      case Opcode::kFence:
        AddFence(instruction.fence);
        return true;
      case Opcode::kRcuLock:
        AddEvent(EventType::kRcuLock, Annotation::kOnce, control);
        rcu_open_.push_back(last_event());
        return true;
      case Opcode::kRcuUnlock:
        AddEvent(EventType::kRcuUnlock, Annotation::kOnce, control);
        if (rcu_open_.empty()) return true;
        run_.rcu_sections.emplace_back(rcu_open_.back(), last_event());
        rcu_open_.pop_back();
        return true;
      case Opcode::kSynchronizeRcu:
        AddEvent(EventType::kSynchronizeRcu, Annotation::kOnce, control);
        return true;
      default:
        return ExecuteAccess(instruction, control);
    }
  }

  bool ExecuteAccess(const Instruction& instruction, EventSet control) {
    const Computed address = Eval(instruction.address);
    if (LocationOf(address) < 0) return false;
    switch (instruction.opcode) {
      case Opcode::kLoad:
        return ExecuteLoad(instruction, control, address);
      case Opcode::kStore: {
        const Computed value = Eval(instruction.value);
        const Annotation annotation = instruction.order == Order::kPlain     ? Annotation::kPlain
                                      : instruction.order == Order::kRelease ? Annotation::kRelease
                                                                             : Annotation::kOnce;
        AddAccess(EventType::kWrite, annotation, control, address, value.value).data_from =
            value.reads;
        stores_.push_back({LocationOf(address), {value.value, value.origins}});
        return true;
      }
      case Opcode::kRmw:
        return ExecuteRmw(instruction, control, address);
      default:
        return ExecuteLock(instruction, control, address);
    }
  }

  bool ExecuteLoad(const Instruction& instruction, EventSet control, const Computed& address) {
    const std::optional<PossibleValue> value = ChooseValue(instruction, LocationOf(address));
    if (!value) return false;
    const Annotation annotation = instruction.order == Order::kPlain     ? Annotation::kPlain
                                  : instruction.order == Order::kAcquire ? Annotation::kAcquire
                                                                         : Annotation::kOnce;
    AddAccess(EventType::kRead, annotation, control, address, value->value);
    SetTarget(instruction, {value->value, OnlyEvent(last_event()), value->origins});
    return true;
  }

  bool Succeeds(const Instruction& instruction, Value old) const {
    switch (instruction.rmw) {
      case RmwKind::kCmpxchg:
        return old == Evaluate(instruction.expected, registers_);
      case RmwKind::kAddUnless:
        return old != Evaluate(instruction.expected, registers_);
      default:
        return true;
    }
  }

  bool ExecuteRmw(const Instruction& instruction, EventSet control, const Computed& address) {
    const std::optional<PossibleValue> old = ChooseValue(instruction, LocationOf(address));
    if (!old) return false;
    const Computed operand = Eval(instruction.value);
    // Whether the new value is computed from the old one.
    const bool computed = instruction.rmw != RmwKind::kXchg && instruction.rmw != RmwKind::kCmpxchg;
    std::optional<Value> stored;
    if (Succeeds(instruction, old->value)) {
      stored = Apply(instruction.rmw, old->value, operand.value);
    }
    const bool ordered = stored.has_value() && instruction.returns_value;
    const bool full = ordered && instruction.order == Order::kFull;
    if (full) AddFence(Fence::kMb);
    const Annotation read_annotation = !instruction.returns_value ? Annotation::kNoReturn
                                       : ordered && instruction.order == Order::kAcquire
                                           ? Annotation::kAcquire
                                           : Annotation::kOnce;
    AddAccess(EventType::kRead, read_annotation, control, address, old->value).is_rmw = true;
    const int read = last_event();
    SetTarget(instruction, {old->value, OnlyEvent(read), old->origins});
    if (!stored) return true;
    const Annotation write_annotation =
        ordered && instruction.order == Order::kRelease ? Annotation::kRelease : Annotation::kOnce;
    RunEvent& write = AddAccess(EventType::kWrite, write_annotation, control, address, *stored);
    write.is_rmw = true;
    write.read_half = read;
    // As herd has it: where the new value is computed from the old one, that is a data dependency.
    write.data_from = operand.reads | (computed ? OnlyEvent(read) : 0);
    stores_.push_back(
        {LocationOf(address), {*stored, operand.origins | (computed ? old->origins : 0)}});
    if (full) AddFence(Fence::kMb);
    return true;
  }

  bool ExecuteLock(const Instruction& instruction, EventSet control, const Computed& address) {
    const int lock = LocationOf(address);
    const bool is_held = held_[lock];
    switch (instruction.opcode) {
      case Opcode::kLock:
        if (is_held) return false;  // waits for ever
        TakeLock(control, address);
        return true;
      case Opcode::kTrylock:
        if (!is_held && Choose(2) == 0) {
          TakeLock(control, address);
          SetTarget(instruction, {1, OnlyEvent(last_event() - 1), 0});
        } else {
          AddAccess(EventType::kLockFail, Annotation::kOnce, control, address, 1);
          SetTarget(instruction, {0, OnlyEvent(last_event()), 0});
        }
        return true;
      case Opcode::kUnlock:
        if (!is_held) return false;
        held_[lock] = false;
        AddAccess(EventType::kUnlock, Annotation::kRelease, control, address, 0);
        return true;
      default: {
        WR_CHECK(instruction.opcode == Opcode::kIsLocked);
        const bool seen = is_held || Choose(2) == 0;
        AddAccess(seen ? EventType::kLockFail : EventType::kReadUnlocked, Annotation::kOnce,
                  control, address, seen);
        SetTarget(instruction, {seen, OnlyEvent(last_event()), 0});
        return true;
      }
    }
  }
  void TakeLock(EventSet control, const Computed& address) {
    AddAccess(EventType::kLockRead, Annotation::kAcquire, control, address, 0);
    const int read = last_event();
    AddAccess(EventType::kLockWrite, Annotation::kOnce, control, address, 1).read_half = read;
    held_[LocationOf(address)] = true;
  }

  const Program& program_;
  const Thread& thread_;
  const std::unordered_map<const Instruction*, int>& load_numbers_;
  const std::vector<PossibleValues>& possible_;
  bool with_origins_ = false;
  std::vector<Choice> choices_;
  int next_choice_ = 0;
  ThreadRun run_;
  std::vector<Stored> stores_;
  std::vector<Value> registers_;
  std::vector<uint64_t> reads_, origins_;  // what they depend on, as in Computed
  std::vector<int> rcu_open_;
  std::vector<bool> held_;
  std::vector<PossibleValue> options_;
};

}  // namespace

ThreadRuns AllThreadRuns(const Program& program, uint32_t runs_max_per_thread) {
  ThreadRuns result;
  std::unordered_map<const Instruction*, int> load_numbers;
  for (const Thread& thread : program.threads) NumberLoads(thread.body, load_numbers);
  WR_CHECK(load_numbers.size() <= kEventsMax);

  std::vector<PossibleValues> possible(program.locations.size());
  for (size_t i = 0; i < possible.size(); ++i) {
    possible[i].Add({program.locations[i].initial, 0});
  }
  std::vector<RunMaker> makers;
  makers.reserve(program.threads.size());
  for (const Thread& thread : program.threads) {
    makers.emplace_back(program, thread, load_numbers, possible);
  }

  // Each round finds what one more load passes on; no load twice.
  bool is_new = true;
  for (size_t round = 0; is_new && round <= load_numbers.size(); ++round) {
    is_new = false;
    std::vector<RunMaker::Stored> found;
    for (RunMaker& maker : makers) {
      uint32_t runs = 0;
      maker.Go(true, [&](const ThreadRun&, const std::vector<RunMaker::Stored>& stores) {
        found.insert(found.end(), stores.begin(), stores.end());
        if (++runs < runs_max_per_thread) return true;
        result.complete = false;
        return false;
      });
    }
    for (const RunMaker::Stored& stored : found) {
      is_new |= possible[stored.location].Add(stored.value);
    }
  }
  for (RunMaker& maker : makers) {
    std::vector<ThreadRun>& runs = result.of_thread.emplace_back();
    maker.Go(false, [&](const ThreadRun& run, const std::vector<RunMaker::Stored>&) {
      runs.push_back(run);
      if (runs.size() < runs_max_per_thread) return true;
      result.complete = false;
      return false;
    });
  }
  return result;
}

}  // namespace walkrace::litmus
