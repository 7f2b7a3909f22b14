#include "engine/unseen.h"

namespace walkrace {

void BeginUnseen() {}
void EndUnseen() {}

}  // namespace walkrace
