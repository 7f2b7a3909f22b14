// A kernel tree that runs in the machine. Its code works on memory of its own layout (struct page,
// mm_struct), whose shared fields stand for what the machine has: an access of the tree is an event
// on the machine's object, with the machine's value, so that oracles, traces and walkrace's own
// paths see one memory. Page tables are the machine's tables themselves. See kernel/port/PORT.md.
#ifndef WALKRACE_MACHINE_TREE_H_
#define WALKRACE_MACHINE_TREE_H_

#include "base/site.h"
#include "engine/event.h"
#include "kernel/port/tree.h"
#include "machine/layout.h"

namespace walkrace {

// What a tree does, a bit each: GUP and its puts, collapse, zap.
inline constexpr unsigned kTreeGup = 1;
inline constexpr unsigned kTreeCollapse = 2;
inline constexpr unsigned kTreeZap = 4;
inline constexpr unsigned kTreeAll = kTreeGup | kTreeCollapse | kTreeZap;

// The code of this tree is what runs from now on, these parts of it; null: none. REQUIRES: no run
// is under way.
void UseTree(const wr_tree* tree, unsigned parts = kTreeAll);
const wr_tree* ActiveTree();
bool TreeDoes(unsigned part);

// Puts the tree's memory into its state at the start of a run. REQUIRES: the machine is in its own.
void BeginTree(const CpuMms& mms);

// The running CPU leaves the tree's code, or comes from it: what it stored last is in place.
void FinishTreeStore();

// The place in the tree's code that a call returned to.
const wr_site* TreeSiteOf(const void* return_address);
// The same; null where it is none of the tree's.
const wr_site* FindTreeSite(const void* return_address);

// A control: from now on, or not, a walker of the tree's that has interrupts off and reads a pte
// again finds what it found at first, as if its re-check were taken out. REQUIRES: no run is under
// way.
void SetTreeControl(bool on);

// Whether an address is of the memory that CPUs share, and where in it. No check: may be called
// inside the runtime of a sanitizer.
bool IsInMachine(const void* address);
LocationId LocationInMachine(const void* address);

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_TREE_H_
