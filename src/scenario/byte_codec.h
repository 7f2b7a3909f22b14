// The byte form of an input, for fuzzers. Every byte string decodes: missing bytes read as zero,
// values are clamped, left-over bytes are ignored. Encode then Decode gives the same input back.
// Neither allocates; both take linear time. The format: README.md.
#ifndef WALKRACE_SCENARIO_BYTE_CODEC_H_
#define WALKRACE_SCENARIO_BYTE_CODEC_H_

#include <cstddef>
#include <cstdint>

#include "scenario/scenario.h"

namespace walkrace {

// Profile, CPU count and layout; then each CPU's operations; then the preemptions.
inline constexpr size_t kEncodedHeaderBytes = 7;
inline constexpr size_t kEncodedOperationBytes = 3;
inline constexpr size_t kEncodedPreemptionBytes = 3;
inline constexpr size_t kEncodedBytesMax =
    kEncodedHeaderBytes + kCpusMax * (1 + kOperationsMax * kEncodedOperationBytes) +
    kStepsMax * kEncodedPreemptionBytes;

// Never looks at more than the first kEncodedBytesMax bytes. The result is normalized.
void DecodeBytes(const uint8_t* data, size_t size, Input& input);

// Writes the input's canonical byte form. Returns its size; 0 where `capacity` is too small
// (kEncodedBytesMax is always enough). REQUIRES: the input is normalized.
size_t EncodeBytes(const Input& input, uint8_t* data, size_t capacity);

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_BYTE_CODEC_H_
