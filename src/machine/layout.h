// The address space at the start of a run.
#ifndef WALKRACE_MACHINE_LAYOUT_H_
#define WALKRACE_MACHINE_LAYOUT_H_

#include <cstdint>

namespace walkrace {

inline constexpr int kPagesPerRegion = 8;  // a region is the size of one huge page
inline constexpr int kRegionsMax = 2;
inline constexpr int kPagesMax = kPagesPerRegion * kRegionsMax;

enum class PageState : uint8_t { kNone, kReadOnly, kWritable, kCount };

struct Layout {
  PageState pages[kPagesMax] = {PageState::kWritable, PageState::kWritable};
  // A huge region is one huge page; its rights are those of its first page, and all its pages
  // carry the same state, which is not kNone.
  bool huge[kRegionsMax] = {};
  uint8_t levels = 4;  // of page tables: 4 (p4d folded) or 5

  friend bool operator==(const Layout&, const Layout&) = default;
};

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_LAYOUT_H_
