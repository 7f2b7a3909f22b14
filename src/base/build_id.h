// Which build of the program this is: another source, flavour or compiler gives another one.
#ifndef WALKRACE_BASE_BUILD_ID_H_
#define WALKRACE_BASE_BUILD_ID_H_

#include <cstdint>

namespace walkrace {

// A hash of the linker's GNU build id; 0 where the program has none.
uint64_t BuildId();

}  // namespace walkrace

#endif  // WALKRACE_BASE_BUILD_ID_H_
