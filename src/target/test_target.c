#include "target/test_target.h"

#include "target/kernel.h"

struct shared {
  uint64_t count;
  uint64_t expected;
  spinlock_t lock[2];
  uint64_t inside;
  unsigned char bytes[8];
};

static int increments[4];  // of each CPU, which nobody else looks at before the end

static void increment(void* memory, int cpu, unsigned argument) {
  struct shared* shared = memory;
  (void)argument;
  shared->count++;
  increments[cpu]++;
}

static void increment_locked(void* memory, int cpu, unsigned argument) {
  struct shared* shared = memory;
  spin_lock(&shared->lock[0]);
  increment(memory, cpu, argument);
  spin_unlock(&shared->lock[0]);
}

static void sizes(void* memory, int cpu, unsigned argument) {
  struct shared* shared = memory;
  (void)cpu;
  (void)argument;
  ++*(volatile unsigned char*)&shared->bytes[1];
  ++*(volatile unsigned short*)&shared->bytes[2];
  ++*(volatile uint32_t*)&shared->bytes[4];
  ++*(volatile uint64_t*)&shared->bytes[0];
}

static void crash(void* memory, int cpu, unsigned argument) {
  struct shared* shared = memory;
  (void)cpu;
  (void)argument;
  shared->inside = 1;
  if (shared->expected == 1) *(volatile int*)8 = 0;
  shared->expected = 1;
  shared->inside = 0;
  shared->expected = 0;
}

static void take_both(void* memory, int cpu, unsigned argument) {
  struct shared* shared = memory;
  (void)cpu;
  spin_lock(&shared->lock[argument]);
  spin_lock(&shared->lock[!argument]);
  spin_unlock(&shared->lock[!argument]);
  spin_unlock(&shared->lock[argument]);
}

static void spin(void* memory, int cpu, unsigned argument) {
  volatile struct shared* shared = memory;
  (void)cpu;
  (void)argument;
  while (shared->count == 0) {
  }
}

static void set_up(void* memory) {
  (void)memory;
  for (int cpu = 0; cpu < 4; ++cpu) increments[cpu] = 0;
}

static void judge(void* memory) {
  const struct shared* shared = memory;
  uint64_t all = 0;
  for (int cpu = 0; cpu < 4; ++cpu) all += (uint64_t)increments[cpu];
  walkrace_require(shared->count == all, "an increment is lost");
}

static void describe(size_t offset, char* text, size_t size) {
  static const char name[] = "count";
  for (size_t i = 0; offset == 0 && i < sizeof(name) && i < size; ++i) text[i] = name[i];
}

static const struct wr_operation operations[TEST_OPERATION_COUNT] = {
    [TEST_INCREMENT] = {"increment", increment, 0},
    [TEST_INCREMENT_LOCKED] = {"increment_locked", increment_locked, 0},
    [TEST_SIZES] = {"sizes", sizes, 0},
    [TEST_CRASH] = {"crash", crash, 0},
    [TEST_TAKE_BOTH] = {"take_both", take_both, 2},
    [TEST_SPIN] = {"spin", spin, 0},
};

const struct wr_target test_target = {.name = "test_target",
                                      .shared_bytes = sizeof(struct shared),
                                      .operations = operations,
                                      .operation_count = TEST_OPERATION_COUNT,
                                      .set_up = set_up,
                                      .judge = judge,
                                      .describe = describe,
                                      .cpus_max = 4};
