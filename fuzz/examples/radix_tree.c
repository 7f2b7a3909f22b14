// A lockless two-level radix tree with deferred free, as a target of walkrace. Keys are two digits:
// root[key / 4] is a leaf, whose slot[key % 4] is the value. Lookups take no lock; store and erase
// take one; a leaf that erase has emptied is unlinked, and freed when no lookup can hold it.
//
// The bug, with -DRADIX_TREE_BUG: erase asks for the deferred free first and unlinks then. A lookup
// that begins in between is not waited for, and walks into a leaf that is free, and soon another's.
#include <stdio.h>
#include <walkrace/kernel.h>  // spin_lock, rcu_read_lock, call_rcu
#include <walkrace/target.h>

enum { DIGITS = 4, KEYS = DIGITS * DIGITS, LEAVES = 3 };

struct leaf {
  uint64_t slot[DIGITS];  // 0: nothing stored
  uint64_t used;          // slots that are not 0; under the lock
  uint64_t allocated;     // of the pool
};

// All that CPUs share. It is zero when a run begins.
struct tree {
  struct leaf *root[DIGITS];
  spinlock_t lock;
  struct leaf leaf[LEAVES];
};

// No words of walkrace: any load and store is where a CPU may be stopped. They are atomic for the
// compiler's and ThreadSanitizer's sake, as everything is to be that lookups race with.
#define load(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define store_to(p, value) __atomic_store_n(&(p), (value), __ATOMIC_RELEASE)

// A value that says what it was stored for.
static uint64_t value_of(unsigned key) { return 100 + key; }

static void lookup(void *shared, int cpu, unsigned key) {
  struct tree *tree = shared;
  (void)cpu;
  rcu_read_lock();
  struct leaf *leaf = load(tree->root[key / DIGITS]);
  if (leaf != NULL) {
    const uint64_t value = load(leaf->slot[key % DIGITS]);
    walkrace_require(load(leaf->allocated), "a lookup is in a leaf that is freed");
    walkrace_require(value == 0 || value == value_of(key), "a lookup found another key's value");
  }
  rcu_read_unlock();
}

static struct leaf *allocate_leaf(struct tree *tree) {
  for (int i = 0; i < LEAVES; ++i) {
    struct leaf *leaf = &tree->leaf[i];
    if (load(leaf->allocated)) continue;
    leaf->used = 0;
    store_to(leaf->allocated, 1);
    return leaf;
  }
  return NULL;
}

static void free_leaf(void *leaf) { store_to(((struct leaf *)leaf)->allocated, 0); }

static void store(void *shared, int cpu, unsigned key) {
  struct tree *tree = shared;
  (void)cpu;
  spin_lock(&tree->lock);
  struct leaf *leaf = load(tree->root[key / DIGITS]);
  if (leaf == NULL) {
    leaf = allocate_leaf(tree);
    if (leaf != NULL) store_to(tree->root[key / DIGITS], leaf);
  }
  if (leaf != NULL && load(leaf->slot[key % DIGITS]) == 0) {
    leaf->used++;
    store_to(leaf->slot[key % DIGITS], value_of(key));
  }
  spin_unlock(&tree->lock);
}

static void erase(void *shared, int cpu, unsigned key) {
  struct tree *tree = shared;
  (void)cpu;
  spin_lock(&tree->lock);
  struct leaf *leaf = load(tree->root[key / DIGITS]);
  if (leaf != NULL && load(leaf->slot[key % DIGITS]) != 0) {
    store_to(leaf->slot[key % DIGITS], 0);
    if (--leaf->used == 0) {
#ifdef RADIX_TREE_BUG
      call_rcu(free_leaf, leaf);
      store_to(tree->root[key / DIGITS], NULL);
#else
      store_to(tree->root[key / DIGITS], NULL);
      call_rcu(free_leaf, leaf);
#endif
    }
  }
  spin_unlock(&tree->lock);
}

// One key is there from the start: what lookups and erase meet soonest.
static void set_up(void *shared) {
  struct tree *tree = shared;
  tree->leaf[0] = (struct leaf){.slot = {value_of(0)}, .used = 1, .allocated = 1};
  tree->root[0] = &tree->leaf[0];
}

// After the last operation: what the root names is allocated, and counts its slots right.
static void judge(void *shared) {
  struct tree *tree = shared;
  for (int i = 0; i < DIGITS; ++i) {
    uint64_t used = 0;
    if (tree->root[i] == NULL) continue;
    for (int k = 0; k < DIGITS; ++k) used += tree->root[i]->slot[k] != 0;
    walkrace_require(tree->root[i]->allocated, "the tree holds a leaf that is freed");
    walkrace_require(used == tree->root[i]->used, "a leaf counts its slots wrong");
  }
}

// For traces: "leaf1.slot[2]" instead of "shared+0x68".
static void describe(size_t offset, char *text, size_t size) {
  const size_t word = (offset - offsetof(struct tree, leaf)) / 8 % (sizeof(struct leaf) / 8);
  const size_t leaf = (offset - offsetof(struct tree, leaf)) / sizeof(struct leaf);
  if (offset < offsetof(struct tree, lock)) {
    snprintf(text, size, "root[%zu]", offset / 8);
  } else if (offset < offsetof(struct tree, leaf)) {
    snprintf(text, size, "lock");
  } else if (word < DIGITS) {
    snprintf(text, size, "leaf%zu.slot[%zu]", leaf, word);
  } else {
    snprintf(text, size, "leaf%zu.%s", leaf, word == DIGITS ? "used" : "allocated");
  }
}

static const struct wr_operation operations[] = {
    {"lookup", lookup, KEYS}, {"store", store, KEYS}, {"erase", erase, KEYS}};

const struct wr_target walkrace_target = {.name = "radix_tree",
                                          .shared_bytes = sizeof(struct tree),
                                          .operations = operations,
                                          .operation_count = 3,
                                          .set_up = set_up,
                                          .judge = judge,
                                          .describe = describe,
                                          .cpus_max = 3};
