// Inputs for this folder's randomised tests. All are large: static, one of each kind, overwritten
// by the next call.
#ifndef WALKRACE_SCENARIO_RANDOM_INPUTS_H_
#define WALKRACE_SCENARIO_RANDOM_INPUTS_H_

#include <ostream>
#include <vector>

#include "base/random.h"
#include "scenario/scenario.h"
#include "scenario/text_codec.h"

namespace walkrace {

// 0 to 200 bytes; one time in a thousand up to 32,000.
std::vector<uint8_t> RandomBytes(Random& random);

// A normalized input: raw bytes decoded, or a drawn scenario after some mutations. The reference
// is to one static input.
const Input& RandomInput(Random& random);

// RandomInput with random words, names and comments around it.
const WalkFile& RandomFile(Random& random);

// Whether Normalize leaves the input as it is.
bool IsNormalized(const Input& input);

// What a failed test shows: the text form.
void PrintTo(const Input& input, std::ostream* out);
void PrintTo(const WalkFile& file, std::ostream* out);

}  // namespace walkrace

#endif  // WALKRACE_SCENARIO_RANDOM_INPUTS_H_
