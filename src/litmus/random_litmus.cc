#include "litmus/random_litmus.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "litmus/make_program.h"

namespace walkrace::litmus {
namespace {

using Body = std::vector<Instruction>;

constexpr int kStoresMax = 3;  // to a location

class ProgramDrawer {
 public:
  ProgramDrawer(uint64_t seed, const RandomLitmusOptions& options)
      : random_(Random::Mix(seed ^ 0x6c69746d7573u)),
        options_(options),
        name_("random-" + std::to_string(seed)) {}

  Program Go() {
    WR_CHECK(options_.threads_max >= 2);
    data_count_ = 2 + static_cast<int>(random_.Below(2));
    has_pointer_ = options_.dependencies && Chance(8);
    lock_count_ = options_.locks && Chance(30) ? 1 + static_cast<int>(random_.Below(2)) : 0;
    has_rcu_ = options_.rcu && Chance(20);
    values_.assign(data_count_, 0);
    stores_.assign(data_count_, 0);
    const int thread_count =
        std::min(options_.threads_max, 2 + static_cast<int>(Pick<3>({45, 40, 15})));
    std::vector<Body> threads;
    for (int i = 0; i < thread_count; ++i) {
      accesses_left_ = std::max(2, (options_.accesses_max - accesses_) / (thread_count - i));
      threads.push_back(DrawThread());
    }
    Program program =
        MakeProgram(name_, data_count_ + has_pointer_, std::move(threads), lock_count_);
    if (has_pointer_) {
      program.locations[pointer()].name = "p";
      program.locations[pointer()].initial = AddressOf(0);
    }
    return program;
  }

 private:
  bool Chance(uint32_t percent) { return random_.Below(100) < percent; }
  // Returns an index, each as often as its weight says.
  template <size_t kCount>
  size_t Pick(const std::array<uint32_t, kCount>& weights) {
    uint32_t sum = 0;
    for (const uint32_t weight : weights) sum += weight;
    uint32_t drawn = random_.Below(sum);
    for (size_t i = 0; i < kCount; ++i) {
      if (drawn < weights[i]) return i;
      drawn -= weights[i];
    }
    return kCount - 1;
  }

  int pointer() const { return data_count_; }
  int DataLocation() { return static_cast<int>(random_.Below(data_count_)); }
  int Lock() { return data_count_ + has_pointer_ + static_cast<int>(random_.Below(lock_count_)); }
  // Returns a location for one more store, or -1: the orders of many stores to one location are
  // too many to go through.
  int StoredLocation() {
    const int location = DataLocation();
    if (stores_[location] == kStoresMax) return -1;
    ++stores_[location];
    return location;
  }
  // A value that nothing else stores there.
  Value NewValue(int location) { return ++values_[location]; }
  bool Takes(int accesses) {
    if (accesses_left_ < accesses) return false;
    accesses_left_ -= accesses;
    accesses_ += accesses;
    return true;
  }
  int NewRegister() {
    loaded_.push_back(register_count_);
    return register_count_++;
  }
  int OldRegister() {
    // Mostly the last one: that is where a dependency may matter.
    return Chance(70) ? loaded_.back()
                      : loaded_[random_.Below(static_cast<uint32_t>(loaded_.size()))];
  }
  bool Depends() { return options_.dependencies && !loaded_.empty() && Chance(25); }
  At Address(int location) {
    if (Depends()) return AddressDependingOn(location, OldRegister());
    return location;
  }
  Operand Data(Value value) {
    if (Depends()) return ValueDependingOn(value, OldRegister());
    return value;
  }

  Body DrawThread() {
    register_count_ = 0;
    loaded_.clear();
    Body body;
    // Fewer where there are more threads: the accesses are shared out.
    int left = 2 + static_cast<int>(random_.Below(std::max(1, options_.instructions_max - 1)));
    bool waits = has_rcu_ && Chance(50);  // a thread either waits for readers or is one
    while (left > 0 && accesses_left_ > 0) {
      if (lock_count_ > 0 && Chance(40) && accesses_left_ >= 4) {
        left -= AddLockSection(body);
      } else if (has_rcu_ && !waits && Chance(60)) {
        body.push_back(RcuReadLock());
        for (int i = 0; i < 2; ++i) AddAccess(body);
        body.push_back(RcuReadUnlock());
        left -= 2;
      } else if (has_rcu_ && waits && Chance(60)) {
        AddAccess(body);
        body.push_back(SynchronizeRcu());
        AddAccess(body);
        waits = Chance(20);
        left -= 2;
      } else {
        if (!body.empty()) AddFence(body);
        AddAccess(body);
        --left;
      }
    }
    return body;
  }

  void AddFence(Body& body) {
    if (!Chance(30)) return;
    static constexpr std::array kFences = {Fence::kRmb, Fence::kWmb, Fence::kMb, Fence::kBarrier};
    body.push_back(FenceOf(kFences[Pick<4>({40, 40, 15, 5})]));
  }

  // Returns how many instructions that counts for.
  int AddLockSection(Body& body) {
    const int lock = Lock();
    if (Chance(15) && Takes(1)) {
      body.push_back(SpinIsLocked(NewRegister(), lock));
      return 1;
    }
    if (Chance(15) && Takes(3)) {
      const int taken = NewRegister();
      body.push_back(SpinTrylock(taken, lock));
      Body section;
      AddAccess(section);
      section.push_back(SpinUnlock(lock));
      body.push_back(If(Register(taken), std::move(section)));
      return 2;
    }
    if (!Takes(3)) return 1;
    body.push_back(SpinLock(lock));
    if (Chance(20)) body.push_back(FenceOf(Fence::kAfterSpinlock));
    AddAccess(body);
    body.push_back(SpinUnlock(lock));
    if (!Chance(40) || !Takes(3)) return 2;
    const int next = Lock();
    body.push_back(SpinLock(next));
    if (Chance(35)) body.push_back(FenceOf(Fence::kAfterUnlockLock));
    AddAccess(body);
    body.push_back(SpinUnlock(next));
    return 3;
  }

  void AddAccess(Body& body) {
    if (has_pointer_ && Chance(30)) {
      AddPointerAccess(body);
      return;
    }
    const uint32_t rmw_weight = options_.read_modify_writes ? 16 : 0;
    switch (Pick<4>({40, 34, rmw_weight, options_.dependencies && !loaded_.empty() ? 10u : 0u})) {
      case 0:
        if (!Takes(1)) return;
        AddLoad(body);
        return;
      case 1:
        if (!Takes(1)) return;
        AddStore(body);
        return;
      case 2:
        if (!Takes(2)) return;
        AddRmw(body);
        return;
      default:
        AddBranch(body);
    }
  }

  Order LoadOrder() {
    if (options_.plain && Chance(30)) return Order::kPlain;
    return Chance(20) ? Order::kAcquire : Order::kRelaxed;
  }
  Order StoreOrder() {
    if (options_.plain && Chance(30)) return Order::kPlain;
    return Chance(25) ? Order::kRelease : Order::kRelaxed;
  }
  void AddLoad(Body& body) {
    const At at = Address(DataLocation());
    body.push_back(walkrace::litmus::Load(NewRegister(), at, LoadOrder()));
  }
  void AddStore(Body& body) {
    const int location = StoredLocation();
    if (location < 0) {
      AddLoad(body);
      return;
    }
    const At at = Address(location);
    body.push_back(walkrace::litmus::Store(at, Data(NewValue(location)), StoreOrder()));
  }

  // p holds an address: who loads it follows it.
  void AddPointerAccess(Body& body) {
    if (Chance(40)) {
      if (!Takes(1)) return;
      body.push_back(walkrace::litmus::Store(pointer(), AddressExpression(DataLocation()),
                                             Chance(50) ? Order::kRelease : Order::kRelaxed));
      return;
    }
    if (!Takes(2)) return;
    const int address = register_count_++;  // not loaded_: it is no number
    body.push_back(walkrace::litmus::Load(address, pointer(), Order::kRelaxed));
    body.push_back(walkrace::litmus::Load(NewRegister(), Register(address), LoadOrder()));
  }

  void AddBranch(Body& body) {
    if (!Takes(1)) return;
    const int on = OldRegister();
    Body then, otherwise;
    // What a branch loads may not have been loaded afterwards.
    const std::vector<int> loaded = loaded_;
    if (Chance(75)) {
      AddStore(then);
    } else {
      AddLoad(then);
    }
    loaded_ = loaded;
    if (Chance(25)) AddStore(otherwise);
    loaded_ = loaded;
    body.push_back(If(Register(on), std::move(then), std::move(otherwise)));
  }

  void AddRmw(Body& body) {
    const int location = StoredLocation();
    if (location < 0) {
      AddLoad(body);
      return;
    }
    const At at = Address(location);
    static constexpr std::array kOrders = {Order::kRelaxed, Order::kAcquire, Order::kRelease,
                                           Order::kFull};
    const Order order = kOrders[Pick<4>({45, 20, 20, 15})];
    const bool before = Chance(15);
    if (before) body.push_back(FenceOf(Fence::kBeforeAtomic));
    static constexpr std::array kKinds = {RmwKind::kXchg,     RmwKind::kAdd, RmwKind::kSub,
                                          RmwKind::kAnd,      RmwKind::kOr,  RmwKind::kCmpxchg,
                                          RmwKind::kAddUnless};
    const RmwKind kind = kKinds[Pick<7>({25, 25, 6, 5, 5, 24, 10})];
    const bool may_be_silent = kind == RmwKind::kAdd || kind == RmwKind::kSub ||
                               kind == RmwKind::kAnd || kind == RmwKind::kOr;
    const Value expected =
        static_cast<Value>(random_.Below(static_cast<uint32_t>(values_[location]) + 2));
    if (kind == RmwKind::kCmpxchg) {
      const Operand value = Data(NewValue(location));
      body.push_back(Cmpxchg(NewRegister(), at, expected, value, order));
    } else if (kind == RmwKind::kAddUnless) {
      body.push_back(AddUnless(NewRegister(), at, Data(Added()), expected, Order::kFull));
    } else {
      const Operand operand = Data(kind == RmwKind::kXchg  ? NewValue(location)
                                   : kind == RmwKind::kAnd ? ~Value{1}
                                                           : Added());
      if (may_be_silent && Chance(50)) {
        body.push_back(RmwWithoutValue(kind, at, operand));
      } else {
        body.push_back(Rmw(kind, NewRegister(), at, operand, order));
      }
    }
    if (!before && Chance(15)) body.push_back(FenceOf(Fence::kAfterAtomic));
  }
  // Powers of two, above all values that are stored.
  Value Added() { return Value{64} << added_++; }

  Random random_;
  const RandomLitmusOptions& options_;
  const std::string name_;
  int data_count_ = 0;  // locations 0 to data_count_ - 1; then the pointer, then the locks
  bool has_pointer_ = false;
  int lock_count_ = 0;
  bool has_rcu_ = false;
  std::vector<Value> values_;  // the last one stored, by location
  std::vector<int> stores_;
  int added_ = 0;
  int accesses_ = 0;       // of the program so far
  int accesses_left_ = 0;  // of the thread
  int register_count_ = 0;
  std::vector<int> loaded_;  // registers that hold numbers
};

}  // namespace

Program RandomLitmus(uint64_t seed, const RandomLitmusOptions& options) {
  return ProgramDrawer(seed, options).Go();
}

}  // namespace walkrace::litmus
