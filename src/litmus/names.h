// The shared locations of a litmus file by their names, and how each is used: locks are for lock
// operations alone. For the parser only.
#ifndef WALKRACE_LITMUS_NAMES_H_
#define WALKRACE_LITMUS_NAMES_H_

#include <string_view>
#include <vector>

#include "litmus/lexer.h"
#include "litmus/program.h"

namespace walkrace::litmus {

class Names {
 public:
  static constexpr size_t kLocationsMax = 32;

  // REQUIRES: both outlive this.
  Names(Lexer& lexer, Program& program) : lexer_(lexer), program_(program) {}

  // Returns the location of this name, or -1.
  int Find(std::string_view name) const;
  // Returns the location of this name, which is added where there is none yet.
  int FindOrAdd(const Token& name);

  void DeclareLock(int location);
  void UseAsLock(int location, TextPlace place);
  void UseAsData(int location, TextPlace place);
  // After all threads: no lock is read or written as data.
  void CheckUses();

 private:
  struct Use {
    bool as_data = false, as_lock = false;
    TextPlace data_place;
  };

  Lexer& lexer_;
  Program& program_;
  std::vector<Use> uses_;  // of each location
};

}  // namespace walkrace::litmus

#endif  // WALKRACE_LITMUS_NAMES_H_
