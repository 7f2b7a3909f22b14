#include "engine/footprint.h"

#include <algorithm>

namespace walkrace {
namespace {

constexpr uint8_t kRead = static_cast<uint8_t>(Touched::kRead);
constexpr uint8_t kWrite = static_cast<uint8_t>(Touched::kWrite);
constexpr uint8_t kLeft = static_cast<uint8_t>(Touched::kLeft);
constexpr uint8_t kRight = static_cast<uint8_t>(Touched::kRight);

uint64_t BitOf(uint32_t object) { return uint64_t{1} << ((object * 0x9e3779b9u) >> 26); }

}  // namespace

void Footprint::Clear() {
  entries_.clear();
  touched_ = changed_ = 0;
}

void Footprint::Add(uint32_t object, Touched how) {
  const auto bits = static_cast<uint8_t>(how);
  touched_ |= BitOf(object);
  if (how != Touched::kRead) changed_ |= BitOf(object);
  entries_.push_back({object, bits});
}

void Footprint::Settle() {
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.object < b.object; });
  size_t kept = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (kept > 0 && entries_[kept - 1].object == entries_[i].object) {
      entries_[kept - 1].how |= entries_[i].how;
    } else {
      entries_[kept++] = entries_[i];
    }
  }
  entries_.resize(kept);
}

// Two touches of one object commute where both are reads, both of the left or both of the right.
bool Footprint::Conflict(uint8_t how, uint8_t other) {
  const uint8_t both = how | other;
  return both != kRead && both != kLeft && both != kRight;
}

bool Footprint::Conflicts(const Footprint& other) const {
  if (((changed_ & other.touched_) | (touched_ & other.changed_)) == 0) return false;
  auto a = entries_.begin();
  auto b = other.entries_.begin();
  while (a != entries_.end() && b != other.entries_.end()) {
    if (a->object < b->object) {
      ++a;
    } else if (b->object < a->object) {
      ++b;
    } else {
      if (Conflict(a->how, b->how)) return true;
      ++a;
      ++b;
    }
  }
  return false;
}

bool Footprint::Contains(const Footprint& other) const {
  for (const Entry& entry : other.entries_) {
    const uint8_t how = How(entry.object);
    if (how == 0) return false;
    if ((how & kWrite) == 0 && (entry.how & ~how) != 0) return false;
  }
  return true;
}

uint8_t Footprint::How(uint32_t object) const {
  const auto place =
      std::lower_bound(entries_.begin(), entries_.end(), object,
                       [](const Entry& entry, uint32_t wanted) { return entry.object < wanted; });
  return place != entries_.end() && place->object == object ? place->how : 0;
}

}  // namespace walkrace
