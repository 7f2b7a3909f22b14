#include "engine/weak_memory.h"

#include <algorithm>

#include "base/check.h"

namespace walkrace {
namespace {

// Writes that one access may make: a load may be the first half of a read-modify-write.
constexpr size_t kRoom = 2;

uint64_t ReadMemory(const uint64_t* memory) { return __atomic_load_n(memory, __ATOMIC_RELAXED); }

}  // namespace

void WeakMemory::Begin(int cpu_count) {
  cpu_count_ = cpu_count;
  ++run_;
  places_.clear();
  writes_.clear();
  messages_.clear();
  everywhere_.Clear();
  newest_grace_period_ = 0;
  for (CpuId cpu = 0; cpu < cpu_count; ++cpu) {
    Cpu& state = cpus_[cpu];
    state.times.Begin();
    state.late.clear();
    state.known.Clear();
    state.own.Clear();
    state.ordered.Clear();
    state.epoch = 0;
    state.may_be_open = false;
    state.has_unlocked = false;
    state.known_at_rcu_unlock.Clear();
    state.writes_at_rcu_unlock = 0;
  }
}

uint16_t WeakMemory::MakePlace(const Granule& granule) {
  if (granule.location >= place_of_.size()) place_of_.resize(granule.location + 1, {0, 0});
  PlaceOf& of = place_of_[granule.location];
  if (of.run == run_) return of.place;
  of = {run_, static_cast<uint16_t>(places_.size())};
  places_.push_back(
      {granule.memory, ReadMemory(granule.memory), granule.location, kInitialWrite, {}});
  return of.place;
}

WriteId WeakMemory::NewWrite(CpuId cpu, uint16_t place) {
  const auto id = static_cast<WriteId>(writes_.size());
  WR_CHECK(id < WriteSet::kWritesMax);
  Write& write = writes_.emplace_back();
  write.place = place;
  write.cpu = cpu;
  write.committed = kNever;
  write.event = UINT32_MAX;
  write.previous = kInitialWrite;
  for (Time& time : write.reached_by) time = kNever;
  return id;
}

// All that has committed has reached everybody: what a run shows from here on is a part of what it
// could show.
void WeakMemory::MakeRoom(Time now) {
  if (writes_.size() + kRoom <= WriteSet::kWritesMax) return;
  std::vector<Write> kept;
  WriteId new_id[WriteSet::kWritesMax];
  for (WriteId id = 0; id < writes_.size(); ++id) {
    new_id[id] = static_cast<WriteId>(kept.size());
    if (writes_[id].committed == kNever) kept.push_back(writes_[id]);
  }
  // A CPU cannot have nearly so many late stores: what is over commits (Engine).
  WR_CHECK(kept.size() < WriteSet::kWritesMax / 2);
  const auto renumbered = [&](const WriteSet& old) {
    WriteSet result;
    old.ForEach([&](unsigned id) {
      if (writes_[id].committed == kNever) result.Add(new_id[id]);
    });
    return result;
  };
  const auto bound = [&](WriteId id) {
    return id < writes_.size() ? new_id[id] : static_cast<WriteId>(kept.size());
  };
  for (Write& write : kept) {
    write.before = renumbered(write.before);
    write.unlocked = renumbered(write.unlocked);
  }
  for (CpuId cpu = 0; cpu < cpu_count_; ++cpu) {
    Cpu& state = cpus_[cpu];
    for (WriteId& id : state.late) id = new_id[id];
    for (WriteSet* set : {&state.known, &state.own, &state.ordered, &state.own_at_unlock,
                          &state.known_at_rcu_unlock}) {
      *set = renumbered(*set);
    }
    state.writes_at_unlock = bound(state.writes_at_unlock);
    state.writes_at_rcu_unlock = bound(state.writes_at_rcu_unlock);
    state.times.Forget(now);
  }
  for (Place& place : places_) {
    place.initial = ReadMemory(place.memory);
    place.newest = kInitialWrite;
    for (uint16_t& seen : place.seen) seen = 0;
  }
  for (Message& message : messages_) message.known.Clear();
  everywhere_.Clear();
  writes_ = std::move(kept);
}

void WeakMemory::Forget(LocationId location) {
  const uint16_t old = FindPlace(location);
  if (old == kNoPlace) return;
  uint64_t* const memory = places_[old].memory;
  place_of_[location].run = 0;
  for (const Cpu& cpu : cpus_) {
    for (const WriteId id : cpu.late) {
      if (writes_[id].place == old) writes_[id].place = MakePlace({location, memory});
    }
  }
}

// --- Loads -------------------------------------------------------------------------------------

bool WeakMemory::Misses(const OldRead& old, WriteId write) const {
  const auto newer = [&](unsigned id) {
    return writes_[id].place == old.place && writes_[id].committed != kNever &&
           writes_[id].number > old.number;
  };
  if (newer(write)) return true;
  bool found = false;
  writes_[write].before.ForEach([&](unsigned id) { found = found || newer(id); });
  return found;
}

// By itself: as early as what it follows allows.
LoadTimes::Load WeakMemory::LoadOf(CpuId cpu, const LoadRequest& request, Time now) const {
  LoadTimes::Load load;
  load.after = rules_.loads_in_order ? kAfterAllLoads : request.after;
  load.acquire = request.acquire;
  load.for_rmb = request.for_rmb;
  load.earliest = cpus_[cpu].times.Lower(load.after);
  load.latest = now;
  return load;
}

// Whether this CPU may read `write`, of those that have committed, or what was there before all.
bool WeakMemory::TryRead(CpuId cpu, const LoadRequest& request, uint16_t place_index, WriteId write,
                         Time now, bool keep) {
  LoadTimes& times = cpus_[cpu].times;
  const Place& place = places_[place_index];
  LoadTimes::Load load = LoadOf(cpu, request, now);
  uint16_t number = 0;
  if (write != kInitialWrite) {
    const Write& read = writes_[write];
    number = read.number;
    if (read.cpu == cpu) {
      load.also_after = read.after;
      load.earliest = std::max(load.earliest, times.Lower(read.after));
      // What an update makes depends on what it read, and that it did as it committed.
      if (read.update != nullptr) load.earliest = std::max(load.earliest, read.committed);
    } else {
      load.earliest = std::max(load.earliest, read.committed);
      load.write = write;
    }
  }
  bool is_old = false;
  for (WriteId newer = place.newest; newer != write; newer = writes_[newer].previous) {
    if (writes_[newer].cpu == cpu) return false;
    is_old = true;
    load.latest = std::min(load.latest, writes_[newer].reached_by[cpu] - 1);
  }
  const auto misses = [this](const OldRead& old, WriteId read) { return Misses(old, read); };
  if (!rules_.multicopy_atomic && load.write != kInitialWrite) {
    for (const OldRead& old : times.old_reads()) {
      const Time missed = times.TimeOf(old) + 1;
      if (missed > load.earliest && misses(old, load.write)) load.earliest = missed;
    }
  }
  if (load.earliest > load.latest) return false;
  if (is_old && !rules_.multicopy_atomic) {
    return times.AddOld(load, {0, place_index, number}, keep, misses);
  }
  if (keep) times.Add(load);
  return true;
}

// A store that has not committed yet and that hands its bytes to a load of its CPU.
WriteId WeakMemory::MustCommitBeforeLoad(CpuId cpu, LocationId location) const {
  const Cpu& self = cpus_[cpu];
  if (self.late.empty()) return kInitialWrite;
  if (rules_.loads_wait_for_stores) return self.late.front();
  const uint16_t place = FindPlace(location);
  if (place == kNoPlace) return kInitialWrite;
  for (const WriteId id : self.late) {
    if (writes_[id].place == place && writes_[id].update != nullptr) return FirstBefore(cpu, id);
  }
  return kInitialWrite;
}

WeakMemory::LoadResult WeakMemory::Load(CpuId cpu, const LoadRequest& request, int age, Time now) {
  MakeRoom(now);
  Cpu& self = cpus_[cpu];
  const uint16_t place_index = FindPlace(request.granule.location);
  if (place_index == kNoPlace) {
    const LoadTimes::Load load = LoadOf(cpu, request, now);
    self.times.Add(load);
    return {ReadMemory(request.granule.memory), 0, kInitialWrite, load.earliest};
  }
  Place& place = places_[place_index];
  uint64_t own_mask = 0, own_value = 0;
  WriteId forwarded = kInitialWrite;
  for (const WriteId id : self.late) {
    const Write& late = writes_[id];
    if (late.place != place_index) continue;
    WR_CHECK(late.update == nullptr);  // MustCommitBeforeLoad
    own_value = (own_value & ~late.mask) | (late.value & late.mask);
    own_mask |= late.mask;
    forwarded = id;
  }
  if ((request.mask & ~own_mask) == 0 && forwarded != kInitialWrite) {
    LoadTimes::Load load = LoadOf(cpu, request, now);
    load.also_after = writes_[forwarded].after;
    load.earliest = std::max(load.earliest, self.times.Lower(load.also_after));
    self.times.Add(load);
    const uint64_t value = (ReadMemory(place.memory) & ~own_mask) | (own_value & own_mask);
    return {value, 0, forwarded, load.earliest};
  }
  WriteId chosen = place.newest;
  int chosen_age = 0;
  int readable = 0;
  for (WriteId id = place.newest; age > 0 && chosen_age < age;) {
    if (id == kInitialWrite || writes_[id].number <= place.seen[cpu]) break;
    id = writes_[id].previous;
    if (!TryRead(cpu, request, place_index, id, now, false)) continue;
    chosen = id;
    chosen_age = ++readable;
  }
  WR_CHECK(TryRead(cpu, request, place_index, chosen, now, true));
  // Nobody but this model changes what it keeps the history of (Forget).
  WR_CHECK(ReadMemory(place.memory) ==
           (place.newest == kInitialWrite ? place.initial : writes_[place.newest].value));
  uint64_t value = place.initial;
  if (chosen != kInitialWrite) {
    const Write& read = writes_[chosen];
    value = read.value;
    place.seen[cpu] = read.number;
    if (read.cpu != cpu) {
      self.known.Add(chosen);
      self.known.AddAll(read.before);
    }
  }
  value = (value & ~own_mask) | (own_value & own_mask);
  Time ran = self.times.least(self.times.count() - 1);
  // What has not reached its CPU yet is as if it had not committed.
  for (WriteId id = place.newest; id != chosen; id = writes_[id].previous) {
    ran = std::min(ran, writes_[id].committed - 1);
  }
  return {value, chosen_age, chosen, ran};
}

int WeakMemory::CountReadable(CpuId cpu, const LoadRequest& request, Time now) {
  const uint16_t place_index = FindPlace(request.granule.location);
  if (place_index == kNoPlace) return 1;
  const Place& place = places_[place_index];
  uint64_t own_mask = 0;
  for (const WriteId id : cpus_[cpu].late) {
    if (writes_[id].place == place_index) own_mask |= writes_[id].mask;
  }
  if (own_mask != 0 && (request.mask & ~own_mask) == 0) return 1;
  int readable = 1;
  for (WriteId id = place.newest; id != kInitialWrite && writes_[id].number > place.seen[cpu];) {
    id = writes_[id].previous;
    if (TryRead(cpu, request, place_index, id, now, false)) ++readable;
  }
  return readable;
}

// --- Stores ------------------------------------------------------------------------------------

bool WeakMemory::Precedes(const Write& earlier, const Write& later) const {
  return rules_.stores_in_order || later.release || earlier.epoch < later.epoch ||
         earlier.place == later.place;
}

WriteId WeakMemory::Issue(CpuId cpu, const StoreRequest& request, Time now) {
  MakeRoom(now);
  Cpu& self = cpus_[cpu];
  self.may_be_open |= !self.late.empty();
  const WriteId id = NewWrite(cpu, MakePlace(request.granule));
  Write& write = writes_[id];
  write.epoch = self.epoch;
  write.release = request.release || request.unlock;
  write.mask = request.mask;
  write.value = request.value;
  write.update = request.update;
  write.argument = request.argument;
  write.after = request.after;
  write.before = self.ordered;
  if (write.release) write.before.AddAll(self.known);
  if (request.unlock) {
    write.unlocked = self.own;
    self.has_unlocked = true;
    self.own_at_unlock = self.own;
    self.loads_at_unlock = self.times.count();
    self.writes_at_unlock = id;
  }
  for (WriteSet* set : {&self.own, &self.known}) {
    set->Add(id);
    set->AddAll(write.before);
  }
  self.late.push_back(id);
  return id;
}

WriteId WeakMemory::FirstBefore(CpuId cpu, WriteId write) const {
  for (const WriteId earlier : cpus_[cpu].late) {
    if (earlier == write) break;
    if (Precedes(writes_[earlier], writes_[write])) return FirstBefore(cpu, earlier);
  }
  return write;
}

bool WeakMemory::MayCommit(CpuId cpu, WriteId write) const {
  return FirstBefore(cpu, write) == write;
}

// With what those of them that are its own follow: some had not committed when they came to be
// among them, and have come to follow others since.
WriteSet WeakMemory::Closed(CpuId cpu, const WriteSet& writes) const {
  // Nobody asks where all are reached at once.
  if (!cpus_[cpu].may_be_open || rules_.multicopy_atomic) return writes;
  WriteSet result = writes;
  writes.ForEach([&](unsigned id) {
    if (writes_[id].cpu == cpu) result.AddAll(writes_[id].before);
  });
  return result;
}

// Below a newer one it goes where that has not reached its CPU, which knows nothing of it, and
// where no read-modify-write or smaller store stands on what is below.
int WeakMemory::CountPlaces(CpuId cpu, WriteId id, Time now) const {
  const Write& write = writes_[id];
  if (rules_.multicopy_atomic || write.update != nullptr || write.mask != UINT64_MAX) return 1;
  const Place& place = places_[write.place];
  int count = 1;
  for (WriteId newer = place.newest; newer != kInitialWrite; newer = writes_[newer].previous) {
    const Write& above = writes_[newer];
    if (above.cpu == cpu || above.number <= place.seen[cpu] || above.reached_by[cpu] <= now ||
        cpus_[cpu].known.Has(newer) || above.stands_on_previous) {
      break;
    }
    ++count;
  }
  return count;
}

// In coherence order below the `under` newest ones, which the CPU has not got: memory stays as it
// is.
void WeakMemory::PutUnder(WriteId id, int under, Time now) {
  Write& write = writes_[id];
  Place& place = places_[write.place];
  WriteId above = place.newest;
  for (int i = 1; i < under; ++i) above = writes_[above].previous;
  write.number = writes_[above].number;
  for (WriteId newer = place.newest;; newer = writes_[newer].previous) {
    ++writes_[newer].number;
    if (newer == above) break;
  }
  write.previous = writes_[above].previous;
  writes_[above].previous = id;
  for (uint16_t& seen : place.seen) seen += seen >= write.number;
  for (CpuId cpu = 0; cpu < cpu_count_; ++cpu) {
    cpus_[cpu].times.MakeRoomAt(write.place, write.number);
  }
  cpus_[write.cpu].times.AddOldStore({OldRead::kStore, write.place, write.number, now});
  place.seen[write.cpu] = write.number;
  write.committed = now;
  write.reached_by[write.cpu] = now;
}

void WeakMemory::Append(WriteId id, Time now) {
  Write& write = writes_[id];
  Place& place = places_[write.place];
  Cpu& self = cpus_[write.cpu];
  const uint64_t old = ReadMemory(place.memory);
  const uint64_t value = write.update != nullptr ? write.update(old, write.argument) : write.value;
  write.value = (old & ~write.mask) | (value & write.mask);
  __atomic_store_n(place.memory, write.value, __ATOMIC_RELAXED);
  write.previous = place.newest;
  write.number =
      static_cast<uint16_t>(place.newest == kInitialWrite ? 1 : writes_[place.newest].number + 1);
  // What it makes of the old value, or keeps of it, comes with it (RMW sequences).
  write.stands_on_previous = write.update != nullptr || write.mask != UINT64_MAX;
  if (place.newest != kInitialWrite && write.stands_on_previous) {
    const Write& previous = writes_[place.newest];
    write.before.AddAll(previous.before);
    if (write.update == nullptr) write.before.Add(place.newest);
    self.known.AddAll(previous.before);
    self.known.Add(place.newest);
    self.own.AddAll(write.before);
  }
  place.newest = id;
  place.seen[write.cpu] = write.number;
  write.committed = now;
  write.reached_by[write.cpu] = now;
  if (rules_.multicopy_atomic) {
    for (Time& time : write.reached_by) time = now;
    everywhere_.Add(id);
  }
  if (rules_.loads_wait_for_stores) self.times.RaiseFloor(now);
}

void WeakMemory::Commit(CpuId cpu, WriteId id, Time now, int under) {
  Cpu& self = cpus_[cpu];
  WR_CHECK(MayCommit(cpu, id));
  Write& write = writes_[id];
  write.before = Closed(cpu, write.before);
  write.unlocked = Closed(cpu, write.unlocked);
  const WriteId newest = places_[write.place].newest;
  if (under == 0) {
    Append(id, now);
  } else {
    PutUnder(id, under, now);
  }
  for (WriteSet* set : {&self.own, &self.known}) set->AddAll(write.before);
  self.late.erase(std::find(self.late.begin(), self.late.end(), id));
  if (write.update == nullptr || newest == kInitialWrite) return;
  // Its read, which smp_rmb() does not order.
  LoadTimes::Load load;
  load.earliest = load.latest = now;
  load.for_rmb = false;
  if (writes_[newest].cpu != cpu) load.write = newest;
  self.times.Add(load);
}

WriteId WeakMemory::MustCommitFirst(CpuId cpu, const RmwRequest& request) const {
  const Cpu& self = cpus_[cpu];
  const uint16_t place = FindPlace(request.granule.location);
  for (const WriteId id : self.late) {
    const bool stands_before_unlock =
        request.lock && self.has_unlocked && id < self.writes_at_unlock;
    if (rules_.stores_in_order || request.release || stands_before_unlock ||
        writes_[id].epoch < self.epoch || writes_[id].place == place) {
      return FirstBefore(cpu, id);
    }
  }
  return kInitialWrite;
}

WriteId WeakMemory::CommitRmw(CpuId cpu, const RmwRequest& request, WriteId read, Time now) {
  WR_CHECK(MustCommitFirst(cpu, request) == kInitialWrite);
  Cpu& self = cpus_[cpu];
  self.may_be_open |= !self.late.empty();
  if (request.lock) {
    if (read != kInitialWrite) self.ordered.AddAll(writes_[read].unlocked);
    if (self.has_unlocked) {
      self.ordered.AddAll(self.own_at_unlock);
      self.times.FenceBelow(self.loads_at_unlock);
      for (WriteId id = 0; id < self.writes_at_unlock && id < writes_.size(); ++id) {
        if (writes_[id].cpu == cpu) self.times.RaiseFloor(writes_[id].committed);
      }
    }
  }
  const WriteId id = NewWrite(cpu, MakePlace(request.granule));
  Write& write = writes_[id];
  WR_CHECK(places_[write.place].newest == read);
  write.epoch = self.epoch;
  write.release = request.release;
  write.mask = request.mask;
  write.value = request.value;
  write.update = nullptr;
  write.after = kAfterAllLoads;
  write.before = self.ordered;
  if (request.release) write.before.AddAll(self.known);
  write.before = Closed(cpu, write.before);
  if (read != kInitialWrite) write.before.AddAll(writes_[read].before);
  for (WriteSet* set : {&self.own, &self.known}) {
    set->Add(id);
    set->AddAll(write.before);
  }
  Append(id, now);
  write.stands_on_previous = true;
  return id;
}

// --- Fences ------------------------------------------------------------------------------------

// By now they have reached every CPU.
void WeakMemory::Reach(const WriteSet& writes, Time now) {
  WriteSet rest = writes;
  rest.RemoveAll(everywhere_);
  rest.ForEach([&](unsigned id) {
    for (Time& time : writes_[id].reached_by) time = std::min(time, now);
    everywhere_.Add(id);
  });
}

void WeakMemory::FullFence(CpuId cpu, Time now) {
  Cpu& self = cpus_[cpu];
  WR_CHECK(self.late.empty());
  self.times.RaiseFloor(now);
  Reach(self.known, now);
  self.ordered.AddAll(self.known);
}

void WeakMemory::ReadFence(CpuId cpu) { cpus_[cpu].times.ReadFence(); }

void WeakMemory::WriteFence(CpuId cpu) {
  Cpu& self = cpus_[cpu];
  self.may_be_open |= !self.late.empty();
  self.ordered.AddAll(self.own);
  ++self.epoch;
}

// --- Grace periods -----------------------------------------------------------------------------

void WeakMemory::RcuReadLock(CpuId cpu) { cpus_[cpu].times.RaiseFloor(newest_grace_period_); }

void WeakMemory::RcuReadUnlock(CpuId cpu) {
  Cpu& self = cpus_[cpu];
  self.may_be_open |= !self.late.empty();
  self.known_at_rcu_unlock = self.known;
  self.writes_at_rcu_unlock = static_cast<WriteId>(writes_.size());
}

void WeakMemory::GracePeriodBegin(CpuId cpu, Time now) {
  FullFence(cpu, now);
  newest_grace_period_ = now;
}

WriteId WeakMemory::DueForGracePeriod(CpuId cpu) const {
  const Cpu& self = cpus_[cpu];
  for (const WriteId id : self.late) {
    if (id < self.writes_at_rcu_unlock) return FirstBefore(cpu, id);
  }
  return kInitialWrite;
}

void WeakMemory::GracePeriodEnd(CpuId cpu, Time now) {
  for (CpuId other = 0; other < cpu_count_; ++other) {
    WR_CHECK(DueForGracePeriod(other) == kInitialWrite);
    Reach(Closed(other, cpus_[other].known_at_rcu_unlock), now);
  }
  FullFence(cpu, now);
}

// --- Messages ----------------------------------------------------------------------------------

void WeakMemory::Send(CpuId cpu, const void* edge) {
  WR_CHECK(cpus_[cpu].late.empty());
  for (Message& message : messages_) {
    if (message.edge == edge) return message.known.AddAll(cpus_[cpu].known);
  }
  messages_.push_back({edge, cpus_[cpu].known});
}

void WeakMemory::Receive(CpuId cpu, const void* edge, Time now) {
  Cpu& self = cpus_[cpu];
  for (const Message& message : messages_) {
    if (message.edge != edge) continue;
    self.times.RaiseFloor(now);
    self.known.AddAll(message.known);
    message.known.ForEach([&](unsigned id) {
      Time& time = writes_[id].reached_by[cpu];
      time = std::min(time, now);
    });
  }
}

}  // namespace walkrace
