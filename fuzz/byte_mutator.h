// Structure-aware mutation of the byte form, for both fuzzers' custom mutators: decode, change the
// scenario or the schedule (src/scenario/mutate.h), encode. Uninstrumented. What a preemption is
// aimed at is found by a run of the input, in the context that was chosen (fuzz_context.h).
#ifndef WALKRACE_FUZZ_BYTE_MUTATOR_H_
#define WALKRACE_FUZZ_BYTE_MUTATOR_H_

#include <cstddef>
#include <cstdint>

#include "scenario/scenario.h"

namespace walkrace {

// A result that is too long loses its last preemptions. Where the context fixes the profile,
// results name none: it would say something that does not count.
// Both write at most `capacity` bytes to `out`, which may be `data`; they return how many, or 0
// where not even a scenario without a schedule fits.
struct ByteSpan {
  const uint8_t* data;
  size_t size;
};
size_t MutateBytes(ByteSpan in, uint64_t seed, uint8_t* out, size_t capacity,
                   const char** description);
size_t CrossOverBytes(ByteSpan a, ByteSpan b, uint64_t seed, uint8_t* out, size_t capacity);

// Encodes `input`, without its last preemptions where it does not fit.
size_t EncodeWhatFits(Input& input, uint8_t* out, size_t capacity);

}  // namespace walkrace

#endif  // WALKRACE_FUZZ_BYTE_MUTATOR_H_
