#include "engine/unseen.h"

namespace walkrace {

Unseen::Unseen() = default;
Unseen::~Unseen() = default;

}  // namespace walkrace
