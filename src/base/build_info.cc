#include "base/build_info.h"

namespace walkrace {

const char kVersion[] = WALKRACE_VERSION;
const char kFlavour[] = WALKRACE_FLAVOUR;

}  // namespace walkrace
