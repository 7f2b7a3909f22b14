#include "machine/tree_view.h"

#include <cstring>
#include <vector>

#include "base/check.h"
#include "kernel/page_ref.h"
#include "machine/arena.h"
#include "machine/machine.h"

namespace walkrace {
namespace {

constexpr unsigned kGranule = 4;
constexpr uint64_t kWriterLocked = 1;
constexpr uint64_t kReaderBias = 0x100;
constexpr uint64_t kExclusive = uint64_t{1} << PG_anon_exclusive;

// By granule of the tree's memory: the number of a field, 0 for none. A page of a large folio other
// than the first has other fields in places than one that is by itself.
struct View {
  const wr_tree* tree = nullptr;
  uintptr_t base = 0;
  std::vector<TreeField> fields;
  std::vector<uint16_t> by_granule;
  std::vector<uint16_t> of_tails;  // where it differs: number + 1
};

View view;

bool IsTail(unsigned pfn) { return (arena.mem_map[pfn].compound_head & 1) != 0; }

uint64_t* TargetOf(wr_tree_field kind, unsigned of) {
  const auto word = [](auto& object) { return reinterpret_cast<uint64_t*>(&object); };
  switch (kind) {
    case WR_TREE_NONE:
    case WR_TREE_STATISTIC:
      return nullptr;
    case WR_TREE_FLAGS:
      return word(arena.mem_map[of].flags);
    case WR_TREE_REFCOUNT:
      return word(arena.mem_map[of]._refcount);
    case WR_TREE_MAPCOUNT:
    case WR_TREE_ENTIRE_MAPCOUNT:
    case WR_TREE_LARGE_MAPCOUNT:
      return word(arena.mem_map[of]._mapcount);
    case WR_TREE_PINCOUNT:
      return word(arena.mem_map[of]._pincount);
    case WR_TREE_COMPOUND_HEAD:
      return word(arena.mem_map[of].compound_head);
    case WR_TREE_MAPPING:
      return word(arena.mem_map[of].mapping);
    case WR_TREE_INDEX:
      return word(arena.mem_map[of].index);
    case WR_TREE_PTE_LOCK:
      return word(arena.ptl[of]);
    case WR_TREE_PMD_LOCK:
      return word(arena.mm[of].page_table_lock);
    case WR_TREE_MMAP_LOCK:
      return word(arena.mm[of].mmap_lock);
    case WR_TREE_WRITE_PROTECT_SEQ:
      return word(arena.mm[of].write_protect_seq);
    case WR_TREE_ANON_VMA_LOCK:
      return word(arena.root_anon_vma.rwsem);
    case WR_TREE_I_MMAP_LOCK:
      return word(TreeFile(of)->i_mmap_rwsem);
  }
  WR_CHECK(false);
  return nullptr;
}

uint8_t BytesOf(wr_tree_field kind) {
  switch (kind) {
    case WR_TREE_REFCOUNT:
    case WR_TREE_MAPCOUNT:
    case WR_TREE_ENTIRE_MAPCOUNT:
    case WR_TREE_LARGE_MAPCOUNT:
    case WR_TREE_PINCOUNT:
    case WR_TREE_WRITE_PROTECT_SEQ:
      return 4;
    default:
      return 8;
  }
}

bool IsOfTail(wr_tree_field kind) {
  return kind == WR_TREE_PINCOUNT || kind == WR_TREE_ENTIRE_MAPCOUNT ||
         kind == WR_TREE_LARGE_MAPCOUNT;
}

// What a page of a large folio other than the first has not.
bool IsHiddenInTails(wr_tree_field kind, unsigned pfn) {
  return (kind == WR_TREE_MAPPING || kind == WR_TREE_INDEX) && pfn >= kFirstHugeFrame &&
         pfn % HPAGE_PMD_NR != 0;
}

void AddField(void* address, wr_tree_field kind, unsigned of) {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(address) - view.base;
  WR_CHECK(offset < view.tree->memory_bytes);
  const auto number = static_cast<uint16_t>(view.fields.size());
  view.fields.push_back(
      {kind, static_cast<uint16_t>(of), BytesOf(kind), address, TargetOf(kind, of)});
  for (unsigned i = 0; i < BytesOf(kind) / kGranule; ++i) {
    const size_t granule = offset / kGranule + i;
    if (IsOfTail(kind)) {
      view.of_tails[granule] = number + 1;
      continue;
    }
    view.by_granule[granule] = number;
    if (IsHiddenInTails(kind, of)) view.of_tails[granule] = 1;
  }
}

uint64_t KnownMachineFlags(unsigned pfn) {
  if (IsTail(pfn)) return kExclusive;
  uint64_t known = 0;
  for (unsigned i = 0; i < view.tree->flag_count; ++i) {
    known |= uint64_t{1} << view.tree->flags[i].machine_bit;
  }
  return known;
}

uint64_t ToTreeFlags(uint64_t machine) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < view.tree->flag_count; ++i) {
    const wr_tree_flag& flag = view.tree->flags[i];
    if ((machine >> flag.machine_bit & 1) != 0) bits |= flag.mask;
  }
  return bits;
}

uint64_t ToMachineFlags(uint64_t bits) {
  uint64_t machine = 0;
  for (unsigned i = 0; i < view.tree->flag_count; ++i) {
    const wr_tree_flag& flag = view.tree->flags[i];
    if ((bits & flag.mask) != 0) machine |= uint64_t{1} << flag.machine_bit;
  }
  return machine;
}

uint64_t PageAddress(uint64_t pfn) {
  return reinterpret_cast<uintptr_t>(view.tree->mem_map) + pfn * view.tree->page_bytes;
}

constexpr unsigned long kMappings[WR_TREE_FILES] = {
    WR_FILE_MAPPING, WR_SECRETMEM_MAPPING, WR_TRACKED_MAPPING, WR_DAX_MAPPING, WR_HUGETLB_MAPPING};

uint64_t TreeMapping(unsigned pfn, uint64_t mapping) {
  if ((mapping & PAGE_MAPPING_ANON) != 0) {
    const bool ksm = (arena.mem_map[pfn].flags >> PG_ksm & 1) != 0;
    return reinterpret_cast<uintptr_t>(view.tree->anon_vma) |
           (ksm ? view.tree->mapping_ksm : view.tree->mapping_anon);
  }
  for (int i = 0; i < WR_TREE_FILES; ++i) {
    if (mapping == kMappings[i]) return reinterpret_cast<uintptr_t>(view.tree->mapping[i]);
  }
  return mapping;
}

uint64_t MachineMapping(uint64_t mapping) {
  if ((mapping & view.tree->mapping_anon) != 0) return PAGE_MAPPING_ANON;
  for (int i = 0; i < WR_TREE_FILES; ++i) {
    if (mapping == reinterpret_cast<uintptr_t>(view.tree->mapping[i])) return kMappings[i];
  }
  return mapping;
}

int64_t EntireOf(unsigned pfn) { return arena.entire_mapcount[pfn]; }

// All mappings of a large folio.
int64_t LargeMapcount(unsigned head) {
  int64_t count = 0;
  for (unsigned i = 0; i < HPAGE_PMD_NR; ++i) count += arena.mem_map[head + i]._mapcount.counter;
  return count;
}

}  // namespace

address_space* TreeFile(int file) {
  address_space* const files[WR_TREE_FILES] = {&arena.file, &arena.secretmem_file,
                                               &arena.tracked_file, &arena.dax_file,
                                               &arena.hugetlb_file};
  return files[file];
}

void SetEntireMapcount(const TreeField& field, uint64_t tree_value) {
  if (field.kind != WR_TREE_ENTIRE_MAPCOUNT) return;
  arena.entire_mapcount[field.of] = static_cast<int32_t>(tree_value) + 1;
}

void DescribeTree(const wr_tree& tree) {
  view.tree = &tree;
  view.base = reinterpret_cast<uintptr_t>(tree.memory);
  view.fields.assign(1, TreeField());
  view.by_granule.assign(tree.memory_bytes / kGranule, 0);
  view.of_tails.assign(tree.memory_bytes / kGranule, 0);
  tree.describe(&AddField);
}

bool IsInTree(const volatile void* address) {
  return view.tree != nullptr &&
         reinterpret_cast<uintptr_t>(address) - view.base < view.tree->memory_bytes;
}

const TreeField* FindTreeField(const volatile void* address) {
  const size_t granule = (reinterpret_cast<uintptr_t>(address) - view.base) / kGranule;
  uint16_t number = view.by_granule[granule];
  if (const uint16_t other = view.of_tails[granule]; other != 0) {
    const size_t pfn = (granule * kGranule) / view.tree->page_bytes;
    if (IsTail(static_cast<unsigned>(pfn))) number = other - 1;
  }
  return number == 0 ? nullptr : &view.fields[number];
}

uint64_t TreeValue(const TreeField& field, uint64_t machine_value) {
  switch (field.kind) {
    case WR_TREE_FLAGS: {
      const uint64_t known = KnownMachineFlags(field.of);
      return (ReadTree(field.address, 8) & ~ToTreeFlags(known)) |
             ToTreeFlags(machine_value & known);
    }
    case WR_TREE_MAPCOUNT:
      return static_cast<uint32_t>(machine_value - EntireOf(field.of) - 1);
    case WR_TREE_ENTIRE_MAPCOUNT:
      return static_cast<uint32_t>(EntireOf(field.of) - 1);
    case WR_TREE_LARGE_MAPCOUNT:
      return static_cast<uint32_t>(LargeMapcount(field.of) - 1);
    case WR_TREE_COMPOUND_HEAD:
      return (machine_value & 1) == 0 ? ReadTree(field.address, 8) & ~uint64_t{1}
                                      : PageAddress(machine_value >> 1) | 1;
    case WR_TREE_MAPPING:
      return TreeMapping(field.of, machine_value);
    case WR_TREE_MMAP_LOCK:
    case WR_TREE_ANON_VMA_LOCK:
    case WR_TREE_I_MMAP_LOCK:
      // struct rw_semaphore's count (kernel/locking/rwsem.c): asserted, never changed, by the tree.
      return machine_value >= WR_RW_WRITER ? kWriterLocked : machine_value * kReaderBias;
    default:
      return machine_value;
  }
}

uint64_t MachineValue(const TreeField& field, uint64_t tree_value) {
  switch (field.kind) {
    case WR_TREE_FLAGS: {
      const uint64_t known = KnownMachineFlags(field.of);
      return (*field.target & ~known) | (ToMachineFlags(tree_value) & known);
    }
    case WR_TREE_MAPCOUNT:
      return static_cast<int32_t>(tree_value) + EntireOf(field.of) + 1;
    case WR_TREE_ENTIRE_MAPCOUNT:
      return *field.target + static_cast<int32_t>(tree_value) + 1 - EntireOf(field.of);
    case WR_TREE_LARGE_MAPCOUNT:
      return *field.target;
    case WR_TREE_REFCOUNT:
    case WR_TREE_PINCOUNT:
      return static_cast<int64_t>(static_cast<int32_t>(tree_value));
    case WR_TREE_COMPOUND_HEAD:
      return (tree_value & 1) == 0
                 ? 0
                 : (tree_value - 1 - PageAddress(0)) / view.tree->page_bytes << 1 | 1;
    case WR_TREE_MAPPING:
      return MachineMapping(tree_value);
    default:
      return tree_value;
  }
}

uint64_t MachineFlags(const TreeField& field, uint64_t tree_bits) {
  return ToMachineFlags(tree_bits) & KnownMachineFlags(field.of);
}
uint64_t UnknownFlags(const TreeField& field, uint64_t tree_bits) {
  return tree_bits & ~ToTreeFlags(KnownMachineFlags(field.of));
}

uint64_t ReadTree(const volatile void* address, unsigned bytes) {
  uint64_t value = 0;
  std::memcpy(&value, const_cast<const void*>(address), bytes);
  return value;
}
void WriteTree(volatile void* address, unsigned bytes, uint64_t value) {
  std::memcpy(const_cast<void*>(address), &value, bytes);
}

// A large folio's first page speaks for all of them, in the tree; in the machine each does.
void Mirror(const TreeField& field) {
  const page& head = arena.mem_map[field.of];
  if (field.kind != WR_TREE_MAPPING && field.kind != WR_TREE_INDEX && field.kind != WR_TREE_FLAGS) {
    return;
  }
  if ((head.flags >> PG_head & 1) == 0) return;
  for (unsigned i = 1; i < HPAGE_PMD_NR; ++i) {
    page& tail = arena.mem_map[field.of + i];
    if (field.kind == WR_TREE_MAPPING) tail.mapping = head.mapping;
    if (field.kind == WR_TREE_INDEX) tail.index = head.index + i;
    if (field.kind == WR_TREE_FLAGS && EntireOf(field.of) > 0) {
      tail.flags = (tail.flags & ~kExclusive) | (head.flags & kExclusive);
    }
  }
}

}  // namespace walkrace
