// What this build is. The only code that differs between flavours for no sanitizer's sake: all else
// compiles to the same for several of them.
#ifndef WALKRACE_BASE_BUILD_INFO_H_
#define WALKRACE_BASE_BUILD_INFO_H_

namespace walkrace {

extern const char kVersion[];
extern const char kFlavour[];  // a preset of CMakePresets.json

}  // namespace walkrace

#endif  // WALKRACE_BASE_BUILD_INFO_H_
