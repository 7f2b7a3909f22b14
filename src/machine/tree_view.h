// Which field of the tree's memory stands for what of the machine's, and its value in both. Private
// to src/machine.
#ifndef WALKRACE_MACHINE_TREE_VIEW_H_
#define WALKRACE_MACHINE_TREE_VIEW_H_

#include <cstdint>

#include "kernel/mm_types.h"
#include "kernel/port/tree.h"

namespace walkrace {

struct TreeField {
  wr_tree_field kind = WR_TREE_NONE;
  uint16_t of = 0;             // the frame, table or mm
  uint8_t bytes = 0;           // of the field
  void* address = nullptr;     // in the tree's memory
  uint64_t* target = nullptr;  // in the machine's arena
};

// Tells the fields of this tree.
void DescribeTree(const wr_tree& tree);

// The field that this address is in, or null: the machine has nothing of the kind.
const TreeField* FindTreeField(const volatile void* address);
bool IsInTree(const volatile void* address);

// A value of the machine's as the tree has it, and the other way round: what the machine has of it
// and the tree has not is taken from what stands in its memory now, and likewise.
uint64_t TreeValue(const TreeField& field, uint64_t machine_value);
uint64_t MachineValue(const TreeField& field, uint64_t tree_value);

// After a store to this field: the count that the machine keeps beside its word, if it is one.
void SetEntireMapcount(const TreeField& field, uint64_t tree_value);

// The machine's file of a wr_tree_file.
address_space* TreeFile(int file);

uint64_t ReadTree(const volatile void* address, unsigned bytes);
void WriteTree(volatile void* address, unsigned bytes, uint64_t value);

// The flags of a page: the machine's bits of these, and those of them that the machine does not
// know.
uint64_t MachineFlags(const TreeField& field, uint64_t tree_bits);
uint64_t UnknownFlags(const TreeField& field, uint64_t tree_bits);

// Nobody is inside a data_race().
void ResetTreeRaces();

// After the machine's word changed by this field: what else says the same there.
void Mirror(const TreeField& field);

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_TREE_VIEW_H_
