// What the engine does for each event under a weak memory model.
#include <algorithm>

#include "engine/sc_memory.h"
#include "engine/steps.h"
#include "engine/unseen.h"

namespace walkrace {
namespace {

// Where an access stands in its granule.
struct Part {
  unsigned shift;
  uint64_t bytes;  // of `size` bytes, not shifted

  Part(const void* address, unsigned size)
      : shift(8 * (reinterpret_cast<uintptr_t>(address) & 7)),
        bytes(size == 8 ? UINT64_MAX : (uint64_t{1} << (8 * size)) - 1) {
    WR_CHECK(shift + 8 * size <= 64);
  }
  uint64_t mask() const { return bytes << shift; }
  uint64_t Of(uint64_t granule) const { return granule >> shift & bytes; }
  uint64_t Place(uint64_t value) const { return (value & bytes) << shift; }
};

}  // namespace

void Engine::set_memory(MemoryKind kind) {
  WR_CHECK(!in_run());
  memory_ = kind;
  is_sc_ = kind == MemoryKind::kSc;
  weak_ = is_sc_ ? nullptr : std::make_unique<WeakMemory>(*MemoryRowOf(kind).rules);
}

void Engine::BeginWeak(int cpu_count) {
  weak_->Begin(cpu_count);
  for (auto& late : late_) late.clear();
}

Granule Engine::GranuleOf(const void* address) const {
  const LocationId location = LocationOf(address);
  return {location, static_cast<uint64_t*>(AddressOf(location))};
}

void Engine::KeepMemoryChoice(EntryKind kind, CpuId cpu, int amount) {
  WR_CHECK(taken_.push_back(
      {cpus_[cpu].number, static_cast<uint8_t>(cpu), 0, kind, static_cast<uint8_t>(amount)}));
}

// --- Late stores -------------------------------------------------------------------------------

// The store takes effect: an event of its CPU, in the step that is under way.
void Engine::CommitNow(CpuId self, WriteId write) {
  const Unseen unseen;
  auto& late = late_[self];
  const LateStore* const store = late.begin() + IndexOfLate(self, write);
  const uint64_t old = *static_cast<const uint64_t*>(AddressOf(store->location));
  weak_->Commit(self, write, step_);
  const uint64_t now = *static_cast<const uint64_t*>(AddressOf(store->location));
  const Part part(reinterpret_cast<const void*>(uintptr_t{store->offset}), store->size);
  Event& event = NextEvent();
  event = {step_,
           cpus_[self].number,
           static_cast<uint8_t>(self),
           EventKind::kStore,
           0,
           store->order,
           store->size,
           false,
           store->location,
           part.Of(old),
           part.Of(now),
           store->site};
  weak_->set_event(write, static_cast<uint32_t>(event_count_ - 1));
  late.erase(static_cast<size_t>(store - late.begin()));
  cpus_[self].has_late = !late.empty();
  Publish(event);
  ++cpus_[self].number;
}

// Those that have to be first, in the step that is under way, which goes on behind them.
void Engine::CommitFirst(CpuId self, WriteId write) {
  CommitNow(self, write);
  ++step_;
}

size_t Engine::IndexOfLate(CpuId self, WriteId write) const {
  const std::vector<WriteId>& late = weak_->late(self);
  const auto found = std::find(late.begin(), late.end(), write);
  WR_CHECK(found != late.end());
  return static_cast<size_t>(found - late.begin());
}

// The one that is first, for the oldest one to commit.
WriteId Engine::FirstLate(CpuId self) const {
  return weak_->FirstBefore(self, weak_->late(self).front());
}

void Engine::CommitLateNow(CpuId self) {
  while (!late_[self].empty()) CommitFirst(self, FirstLate(self));
}

// The same as a step of its own: others may run before.
void Engine::CommitStep(CpuId self, WriteId write) {
  const auto& late = late_[self];
  const LateStore store = late[IndexOfLate(self, write)];
  pending_[self] = {EventKind::kStore, store.order, store.location, store.site};
  AwaitTurn(self);
  const auto same = [&](const LateStore& each) { return each.issue == store.issue; };
  const auto found = std::find_if(late.begin(), late.end(), same);
  // An interrupt may have been first, which waits for them.
  if (found == late.end()) {
    --step_;
    return;
  }
  CommitNow(self, weak_->late(self)[static_cast<size_t>(found - late.begin())]);
  if (stop_requested_) AbandonAtBound();
}

void Engine::CommitDue(CpuId self) {
  for (;;) {
    const auto& late = late_[self];
    const auto is_due = [&](const LateStore& each) { return each.due <= cpus_[self].number; };
    const auto due = std::find_if(late.begin(), late.end(), is_due);
    if (due == late.end()) return;
    if (choices_ != nullptr) choices_->OnDue(self, due->due);
    const WriteId write = weak_->late(self)[static_cast<size_t>(due - late.begin())];
    CommitStep(self, weak_->FirstBefore(self, write));
  }
}

void Engine::CommitLateByOwnSteps(CpuId self) {
  while (!late_[self].empty()) CommitStep(self, FirstLate(self));
}

// A CPU that waits, or takes an interrupt, lets go of one that it has kept back.
void Engine::CommitWhileWaiting(CpuId self) {
  ++step_;
  CommitNow(self, FirstLate(self));
}

// --- Accesses ----------------------------------------------------------------------------------

Event& Engine::AppendEvent(CpuId self, const Access& access, LocationId location, uint8_t detail,
                           const AccessResult& result) {
  Event& event = NextEvent();
  event = {step_,
           cpus_[self].number,
           static_cast<uint8_t>(self),
           access.kind,
           detail,
           access.order,
           access.size,
           result.failed,
           location,
           result.before,
           result.after,
           access.site};
  return event;
}

AccessResult Engine::PerformWeak(const Access& access) {
  const CpuId self = running_;
  WR_CHECK(self != kHost);
  CommitDue(self);
  const LocationId location = LocationOf(access.address);
  pending_[self] = {access.kind, access.order, location, access.site};
  AwaitTurn(self);
  AccessResult result;
  if (access.at_once) {
    result = ScPerform(access);
    AppendEvent(self, access, location, static_cast<uint8_t>(access.rmw), result);
  } else {
    const Unseen unseen;
    switch (access.kind) {
      case EventKind::kLoad:
        result = LoadWeak(self, access);
        break;
      case EventKind::kStore:
        result = StoreWeak(self, access);
        break;
      default:
        result = RmwWeak(self, access);
    }
  }
  Publish(events_[event_count_ - 1]);
  FinishStep(self);
  return result;
}

WeakMemory::LoadRequest Engine::LoadRequestOf(const Access& access) const {
  WeakMemory::LoadRequest request;
  request.granule = GranuleOf(access.address);
  request.mask = Part(access.address, access.size).mask();
  request.acquire = access.order == Order::kAcquire;
  request.after =
      access.dependency == kAllEarlierLoads ? kAfterAllLoads : LoadsBefore{access.dependency, 0};
  return request;
}

int Engine::CountReadable() {
  WR_CHECK(asked_load_ != nullptr);
  return weak_->CountReadable(running_, *asked_load_, step_);
}

AccessResult Engine::LoadWeak(CpuId self, const Access& access) {
  const WeakMemory::LoadRequest request = LoadRequestOf(access);
  for (WriteId write;
       (write = weak_->MustCommitBeforeLoad(self, request.granule.location)) != kInitialWrite;) {
    CommitFirst(self, write);
  }
  int age = 0;
  if (choices_ != nullptr && weak_->MayBeOld(self, request.granule.location)) {
    asked_load_ = &request;
    age = std::clamp(choices_->Age(self, cpus_[self].number), 0, kAmountMax);
    asked_load_ = nullptr;
  }
  const WeakMemory::LoadResult read = weak_->Load(self, request, age, step_);
  if (read.age != 0) {
    KeepMemoryChoice(EntryKind::kOld, self, read.age);
    old_reads_.push_back({static_cast<uint32_t>(event_count_), weak_->event(read.write), read.ran});
  }
  const uint64_t value = Part(access.address, access.size).Of(read.granule);
  const AccessResult result{value, value, false};
  AppendEvent(self, access, request.granule.location, static_cast<uint8_t>(read.age), result);
  return result;
}

AccessResult Engine::StoreWeak(CpuId self, const Access& access) {
  const Part part(access.address, access.size);
  WeakMemory::StoreRequest request;
  request.granule = GranuleOf(access.address);
  request.mask = part.mask();
  request.value = part.Place(access.operand);
  request.release = access.order == Order::kRelease;
  request.after = kAfterAllLoads;
  int delay = 0;
  if (choices_ != nullptr && !late_[self].full()) {
    delay = std::clamp(choices_->Delay(self, cpus_[self].number), 0, kAmountMax);
  }
  const uint64_t before = part.Of(*request.granule.memory);
  const AccessResult result{before, part.Of(request.value >> part.shift << part.shift), false};
  const WriteId write = weak_->Issue(self, request, step_);
  if (delay > 0) {
    KeepMemoryChoice(EntryKind::kLate, self, delay);
    WR_CHECK(late_[self].push_back({write, static_cast<uint16_t>(cpus_[self].number + delay),
                                    access.order, access.size, static_cast<uint8_t>(part.shift / 8),
                                    request.granule.location, access.site}));
    cpus_[self].has_late = true;
    Event& event = AppendEvent(self, access, request.granule.location, 0, result);
    event.kind = EventKind::kIssue;
    event.before = event.after;
    return result;
  }
  for (WriteId first; (first = weak_->FirstBefore(self, write)) != write;) CommitFirst(self, first);
  const uint64_t newest = part.Of(*request.granule.memory);
  weak_->Commit(self, write, step_);
  weak_->set_event(write, static_cast<uint32_t>(event_count_));
  const AccessResult done{newest, access.operand & part.bytes, false};
  AppendEvent(self, access, request.granule.location, 0, done);
  return done;
}

AccessResult Engine::RmwWeak(CpuId self, const Access& access) {
  const Part part(access.address, access.size);
  WeakMemory::LoadRequest load = LoadRequestOf(access);
  for (WriteId write;
       (write = weak_->MustCommitBeforeLoad(self, load.granule.location)) != kInitialWrite;) {
    CommitFirst(self, write);
  }
  WeakMemory::RmwRequest rmw;
  rmw.granule = load.granule;
  rmw.mask = part.mask();
  rmw.release = access.order == Order::kRelease;
  // Its own late stores are first, or it would not see them.
  for (WriteId write; (write = weak_->MustCommitFirst(self, rmw)) != kInitialWrite;) {
    CommitFirst(self, write);
  }
  const uint64_t old = part.Of(*load.granule.memory);
  AccessResult result{old, old, false};
  result.after = ScApply(access, old, &result.failed) & part.bytes;
  if (result.failed) {
    load.acquire = false;
    weak_->Load(self, load, 0, step_);
    AppendEvent(self, access, load.granule.location, static_cast<uint8_t>(access.rmw), result);
    return result;
  }
  const bool full = access.order == Order::kFull || weak_->rules().rmw_is_full;
  if (full) FullFenceNow(self);
  const WeakMemory::LoadResult read = weak_->Load(self, load, 0, step_);
  rmw.value = part.Place(result.after);
  const WriteId write = weak_->CommitRmw(self, rmw, read.write, step_);
  weak_->set_event(write, static_cast<uint32_t>(event_count_));
  if (full) weak_->FullFence(self, step_);
  AppendEvent(self, access, load.granule.location, static_cast<uint8_t>(access.rmw), result);
  return result;
}

// --- Everything else that orders ---------------------------------------------------------------

void Engine::FullFenceNow(CpuId self) {
  CommitLateNow(self);
  weak_->FullFence(self, step_);
}

void Engine::FenceWeak(FenceKind kind) {
  const Unseen unseen;
  switch (kind) {
    case FenceKind::kFull:
      return FullFenceNow(running_);
    case FenceKind::kRead:
      return weak_->ReadFence(running_);
    case FenceKind::kWrite:
      return weak_->WriteFence(running_);
  }
}

void Engine::LockWeak(uint64_t* word, uint64_t value) {
  const Unseen unseen;
  const CpuId self = running_;
  WeakMemory::RmwRequest rmw;
  rmw.granule = GranuleOf(word);
  rmw.value = value;
  rmw.lock = true;
  for (WriteId write; (write = weak_->MustCommitFirst(self, rmw)) != kInitialWrite;) {
    CommitFirst(self, write);
  }
  if (weak_->rules().rmw_is_full) FullFenceNow(self);
  WeakMemory::LoadRequest load;
  load.granule = rmw.granule;
  load.acquire = true;
  const WeakMemory::LoadResult read = weak_->Load(self, load, 0, step_);
  const WriteId write = weak_->CommitRmw(self, rmw, read.write, step_);
  weak_->set_event(write, static_cast<uint32_t>(event_count_));
  if (weak_->rules().rmw_is_full) weak_->FullFence(self, step_);
}

void Engine::UnlockWeak(uint64_t* word, uint64_t value) {
  const Unseen unseen;
  const CpuId self = running_;
  CommitLateNow(self);
  // Of readers each comes behind the last one.
  WeakMemory::LoadRequest load;
  load.granule = GranuleOf(word);
  load.after = kAfterNoLoad;
  weak_->Load(self, load, 0, step_);
  WeakMemory::StoreRequest store;
  store.granule = load.granule;
  store.value = value;
  store.unlock = true;
  const WriteId write = weak_->Issue(self, store, step_);
  weak_->Commit(self, write, step_);
  weak_->set_event(write, static_cast<uint32_t>(event_count_));
}

void Engine::AcquireWeak(const uint64_t* word) {
  const Unseen unseen;
  const CpuId self = running_;
  WeakMemory::LoadRequest load;
  load.granule = GranuleOf(word);
  load.acquire = true;
  while (weak_->MustCommitBeforeLoad(self, load.granule.location) != kInitialWrite) {
    CommitFirst(self, weak_->MustCommitBeforeLoad(self, load.granule.location));
  }
  weak_->Load(self, load, 0, step_);
}

void Engine::ReadSectionWeak(bool begins) {
  const Unseen unseen;
  if (begins) return weak_->RcuReadLock(running_);
  CommitLateNow(running_);
  weak_->RcuReadUnlock(running_);
}

void Engine::GracePeriodWeak(bool begins) {
  const Unseen unseen;
  if (begins) {
    CommitLateNow(running_);
    weak_->GracePeriodBegin(running_, step_);
  } else {
    CommitLateBetweenEvents();
    weak_->GracePeriodEnd(running_, step_);
  }
}

void Engine::SendWeak(CpuId cpu, const void* edge) {
  const Unseen unseen;
  weak_->Send(cpu, edge);
}

void Engine::ReceiveWeak(CpuId cpu, const void* edge) {
  const Unseen unseen;
  weak_->Receive(cpu, edge, step_);
}

void Engine::TouchWeak(LocationId location, Touched how) {
  for (const LateStore& late : late_[running_]) {
    if (late.location != location) continue;
    CommitLateBetweenEvents();
    break;
  }
  if (how == Touched::kWrite) weak_->Forget(location);
}

}  // namespace walkrace
