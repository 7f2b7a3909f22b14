#include "kernel/pc_site.h"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "engine/unseen.h"

namespace walkrace {
namespace {

// No container of the standard library: an instrumented copy of its functions might take the place
// of ours.

template <typename T>
T* NewArray(size_t count) {
  auto* array = static_cast<T*>(std::calloc(count, sizeof(T)));
  WR_CHECK(array != nullptr);
  return array;
}

const char* Keep(const char* text, size_t length) {
  char* kept = NewArray<char>(length + 1);
  std::memcpy(kept, text, length);
  return kept;
}

// One executable or shared object.
struct Module {
  uintptr_t bias;  // what is added to its own addresses
  Dwarf* dwarf;    // null where there is none
  Elf* elf;
  Module* next;
};

struct ModuleSearch {
  uintptr_t address;
  bool found;
  uintptr_t bias;
  const char* path;
};

int IsIn(dl_phdr_info* info, size_t /*size*/, void* argument) {
  auto* search = static_cast<ModuleSearch*>(argument);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    const uintptr_t start = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || search->address - start >= segment.p_memsz) continue;
    search->found = true;
    search->bias = info->dlpi_addr;
    search->path = info->dlpi_name;
    return 1;
  }
  return 0;
}

Module* modules;

// Files stay open: what libdw returns points into them.
Module* OpenModule(const ModuleSearch& search) {
  auto* module = NewArray<Module>(1);
  module->bias = search.bias;
  // The dynamic linker has no name for the executable.
  const char* path = search.path[0] == '\0' ? "/proc/self/exe" : search.path;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    elf_version(EV_CURRENT);
    module->elf = elf_begin(file, ELF_C_READ_MMAP, nullptr);
    if (module->elf != nullptr) module->dwarf = dwarf_begin_elf(module->elf, DWARF_C_READ, nullptr);
  }
  module->next = modules;
  modules = module;
  return module;
}

Module* ModuleOf(uintptr_t address) {
  ModuleSearch search = {address, false, 0, nullptr};
  dl_iterate_phdr(IsIn, &search);
  if (!search.found) return nullptr;
  for (Module* module = modules; module != nullptr; module = module->next) {
    if (module->bias == search.bias) return module;
  }
  return OpenModule(search);
}

// clang writes no table from addresses to units: each is asked for its ranges.
bool FindUnit(Dwarf* dwarf, Dwarf_Addr address, Dwarf_Die* unit) {
  Dwarf_CU* cu = nullptr;
  Dwarf_Die none;
  uint8_t type = 0;
  while (dwarf_get_units(dwarf, cu, &cu, nullptr, &type, unit, &none) == 0) {
    if (type == DW_UT_compile && dwarf_haspc(unit, address) == 1) return true;
  }
  return false;
}

// With -gline-tables-only a function into which nothing was inlined is in the symbol table alone.
const char* SymbolAt(Elf* elf, Dwarf_Addr address) {
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_SYMTAB) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    const size_t count = header.sh_entsize == 0 ? 0 : header.sh_size / header.sh_entsize;
    for (size_t i = 0; data != nullptr && i < count; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) continue;
      if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
      if (address - symbol.st_value >= symbol.st_size) continue;
      return elf_strptr(elf, header.sh_link, symbol.st_name);
    }
  }
  return nullptr;
}

// The last name of a demangled function, without what it takes: "a::(anonymous
// namespace)::b<int>(c) const" is b.
const char* KeepLastName(const char* text) {
  size_t start = 0;
  size_t end = 0;  // 0: not seen yet
  int depth = 0;
  for (size_t i = 0; text[i] != '\0'; ++i) {
    const bool opens = std::strchr("(<{", text[i]) != nullptr;
    if (depth == 0 && opens && i > start && end == 0) end = i;
    if (depth == 0 && text[i] == ' ' && end == 0) start = i + 1;  // a type came before
    if (depth == 0 && text[i] == ':' && text[i + 1] == ':') {
      start = i + 2;
      end = 0;
    }
    if (opens) ++depth;
    if (std::strchr(")>}", text[i]) != nullptr) --depth;
  }
  return Keep(text + start, end == 0 ? std::strlen(text + start) : end - start);
}

// "gup_pmd_range.llvm.1234" is gup_pmd_range.
const char* KeepSymbol(const char* symbol) {
  char* demangled = abi::__cxa_demangle(symbol, nullptr, nullptr, nullptr);
  if (demangled == nullptr) return Keep(symbol, std::strcspn(symbol, "."));
  const char* name = KeepLastName(demangled);
  std::free(demangled);
  return name;
}

// Null where the unit says nothing.
const char* InnermostFunction(Dwarf_Die* unit, Dwarf_Addr address) {
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes(unit, address, &scopes);
  const char* name = nullptr;
  for (int i = 0; i < count && name == nullptr; ++i) {
    const int tag = dwarf_tag(&scopes[i]);
    if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram)
      name = dwarf_diename(&scopes[i]);
  }
  std::free(scopes);
  return name;
}

// "./src/./a.c" is src/a.c.
const char* KeepPath(const char* path) {
  char* kept = NewArray<char>(std::strlen(path) + 1);
  size_t length = 0;
  for (bool starts = true; *path != '\0';) {
    if (starts && path[0] == '.' && path[1] == '/') {
      path += 2;
      while (*path == '/') ++path;
      continue;
    }
    starts = *path == '/';
    kept[length++] = *path++;
  }
  return kept;
}

// What the compiler added of its own has line 0: then the line before it counts.
void FindLine(Dwarf_Die* unit, Dwarf_Addr address, const char** file, int* line) {
  constexpr Dwarf_Addr kBackMax = 256;
  for (Dwarf_Addr back = 0; back < kBackMax && *line == 0; ++back) {
    Dwarf_Line* row = dwarf_getsrc_die(unit, address - back);
    if (row == nullptr || dwarf_lineno(row, line) != 0) return;
    if (const char* source = dwarf_linesrc(row, nullptr, nullptr)) *file = source;
  }
}

// The strings are new ones.
wr_site Resolve(uintptr_t address) {
  const Module* module = ModuleOf(address);
  if (module == nullptr || module->elf == nullptr) return {Keep("?", 1), Keep("?", 1), 0};
  const Dwarf_Addr own = address - module->bias;
  const char* file = "?";
  const char* function = nullptr;
  int line = 0;
  Dwarf_Die unit;
  if (module->dwarf != nullptr && FindUnit(module->dwarf, own, &unit)) {
    FindLine(&unit, own, &file, &line);
    function = InnermostFunction(&unit, own);
  }
  if (function != nullptr) {
    function = Keep(function, std::strlen(function));
  } else if (const char* symbol = SymbolAt(module->elf, own)) {
    function = KeepSymbol(symbol);
  } else {
    function = Keep("?", 1);
  }
  return {KeepPath(file), function, line};
}

// By program counter: open addressing, at most half full.
struct Row {
  uintptr_t pc;  // 0: free
  const wr_site* site;
};
Row* rows;
size_t row_count;  // a power of two
size_t rows_used;

Row* RowOf(uintptr_t pc) {
  size_t i = (pc * 0x9e3779b97f4a7c15u) >> 32 & (row_count - 1);
  while (rows[i].pc != 0 && rows[i].pc != pc) i = (i + 1) & (row_count - 1);
  return &rows[i];
}

void Grow() {
  const Row* old = rows;
  const size_t old_count = row_count;
  row_count = old_count == 0 ? 1024 : 2 * old_count;
  rows = NewArray<Row>(row_count);
  for (size_t i = 0; i < old_count; ++i) {
    if (old[i].pc != 0) *RowOf(old[i].pc) = old[i];
  }
  std::free(const_cast<Row*>(old));
}

struct Place {
  wr_site site;
  Place* next;
};
Place* places;

// Takes the strings of `site`.
const wr_site* OneOf(const wr_site& site) {
  for (const Place* place = places; place != nullptr; place = place->next) {
    if (place->site.line == site.line && std::strcmp(place->site.function, site.function) == 0 &&
        std::strcmp(place->site.file, site.file) == 0) {
      std::free(const_cast<char*>(site.file));
      std::free(const_cast<char*>(site.function));
      return &place->site;
    }
  }
  auto* place = NewArray<Place>(1);
  *place = {site, places};
  places = place;
  return &place->site;
}

__attribute__((noinline)) const wr_site* Add(uintptr_t pc) {
  const Unseen unseen;
  if (2 * (rows_used + 1) > row_count) Grow();
  ++rows_used;
  // The call is what counts, and it ends where `pc` begins.
  const wr_site* site = OneOf(Resolve(pc - 1));
  *RowOf(pc) = {pc, site};
  return site;
}

}  // namespace
}  // namespace walkrace

using namespace walkrace;

const wr_site* wr_site_of_pc(const void* pc) {
  const auto address = reinterpret_cast<uintptr_t>(pc);
  if (row_count != 0) {
    if (const Row* row = RowOf(address); row->pc != 0) return row->site;
  }
  return Add(address);
}
