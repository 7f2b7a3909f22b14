#include "kernel/planted_race.h"

namespace walkrace {

PlantedMemory planted;

namespace {

uint64_t Load(uint64_t* word) { return wr_load(word, 8, WR_RELAXED, WR_DATA, WR_HERE); }
void Store(uint64_t* word, uint64_t value) {
  wr_store(word, 8, value, WR_RELAXED, WR_DATA, WR_HERE);
}

}  // namespace

const int kPlantedWriteLine = __LINE__ + 3;
__attribute__((noinline)) void PlantedWrite() {
  planted.writer_executed = true;
  ++*planted.plain;
}

const int kPlantedReadLine = __LINE__ + 3;
__attribute__((noinline)) int PlantedRead() {
  planted.readers_executed = true;
  return *planted.plain;
}

void Unprotected(int cpu) {
  Store(planted.data, 1);
  if (cpu == 0) PlantedWrite();
  if (cpu == 1) PlantedRead();
  Store(planted.data, 2);
}

void UnderSpinLock(int cpu) {
  wr_spin_lock(planted.lock, WR_HERE);
  Unprotected(cpu);
  wr_spin_unlock(planted.lock, WR_HERE);
}

void UnderReadWriteLock(int cpu) {
  if (cpu == 0) {
    wr_write_lock(planted.lock, WR_HERE);
    Unprotected(cpu);
    wr_write_unlock(planted.lock, WR_HERE);
  } else {
    wr_read_lock(planted.lock, WR_HERE);
    Unprotected(cpu);
    wr_read_unlock(planted.lock, WR_HERE);
  }
}

void UnlinkWaitWrite(int cpu, Wait wait, Section section) {
  if (cpu == 0) {
    Store(planted.linked, 0);
    if (wait == Wait::kRcu) {
      return wr_call_rcu([](void*) { PlantedWrite(); }, nullptr, WR_HERE);
    }
    if (wait == Wait::kIpi) wr_ipi(wr_cpus(), [](void*, int) {}, nullptr, WR_HERE);
    return PlantedWrite();
  }
  if (section == Section::kRcuRead) wr_rcu_read_lock(WR_HERE);
  const bool saved = section == Section::kIrqOff && wr_irq_off(WR_HERE);
  if (Load(planted.linked) != 0) {
    PlantedRead();
    Load(planted.data);
    PlantedRead();
  }
  wr_irq_restore(saved, WR_HERE);
  if (section == Section::kRcuRead) wr_rcu_read_unlock(WR_HERE);
}

void WriteThenCallRcu(int cpu) {
  if (cpu == 0) {
    PlantedWrite();
    return wr_call_rcu([](void*) { PlantedRead(); }, nullptr, WR_HERE);
  }
  const bool saved = wr_irq_off(WR_HERE);
  Load(planted.data);
  wr_irq_restore(saved, WR_HERE);
}

void WriteThenIpi(int cpu) {
  Store(planted.data, 1);
  if (cpu != 0) return;
  PlantedWrite();
  const auto handler = [](void*, int) {
    PlantedRead();
    ++*planted.handled;
  };
  wr_ipi(wr_cpus(), handler, nullptr, WR_HERE);
  ++*planted.handled;
}

void Publish(int cpu, Publication how) {
  if (cpu == 0) {
    PlantedWrite();
    wr_store(planted.linked, 8, 1, how.store, how.access_class, WR_HERE);
  } else if (wr_load(planted.linked, 8, how.load, how.access_class, WR_HERE) != 0) {
    PlantedRead();
  }
}

void PublishToCmpxchg(int cpu, uint64_t expected) {
  if (cpu == 0) {
    PlantedWrite();
    wr_store(planted.linked, 8, 1, WR_RELEASE, WR_DATA, WR_HERE);
    return;
  }
  const uint64_t old =
      wr_rmw(planted.linked, 8, WR_CMPXCHG, 2, expected, WR_FULL, WR_DATA, nullptr, WR_HERE);
  if (old != 0) PlantedRead();
}

void AccessData(int cpu, Side store, Side load) {
  if (cpu == 0) {
    wr_store(planted.data, 8, 1, store.order, store.access_class, WR_HERE);
    planted.writer_executed = true;
  } else {
    wr_load(planted.data, 8, load.order, load.access_class, WR_HERE);
    planted.readers_executed = true;
  }
}

void Deadlock(int cpu, int depth) {
  if (depth > 0) return Deadlock(cpu, depth - 1);
  uint64_t* first = cpu == 0 ? planted.lock : planted.data;
  uint64_t* second = cpu == 0 ? planted.data : planted.lock;
  wr_spin_lock(first, WR_HERE);
  wr_spin_lock(second, WR_HERE);
  wr_spin_unlock(second, WR_HERE);
  wr_spin_unlock(first, WR_HERE);
}

}  // namespace walkrace
