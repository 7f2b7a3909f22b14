#include "base/build_id.h"

#include <link.h>

#include <cstring>

namespace walkrace {
namespace {

constexpr size_t AlignedToWord(size_t size) { return (size + 3) & ~size_t{3}; }

uint64_t Hash(const unsigned char* bytes, size_t size) {
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 1099511628211u;
  return hash;
}

uint64_t HashOfNotes(const unsigned char* note, const unsigned char* end) {
  while (note + sizeof(ElfW(Nhdr)) <= end) {
    ElfW(Nhdr) header;
    std::memcpy(&header, note, sizeof(header));
    const unsigned char* const name = note + sizeof(header);
    const unsigned char* const description = name + AlignedToWord(header.n_namesz);
    note = description + AlignedToWord(header.n_descsz);
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && note <= end &&
        std::memcmp(name, "GNU", 4) == 0) {
      return Hash(description, header.n_descsz);
    }
  }
  return 0;
}

// Of the first object, which is the program itself.
int OfProgram(dl_phdr_info* info, size_t /*size*/, void* hash) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the loader says it
    const auto* const notes =
        reinterpret_cast<const unsigned char*>(info->dlpi_addr + segment.p_vaddr);
    const uint64_t found = HashOfNotes(notes, notes + segment.p_memsz);
    if (found != 0) *static_cast<uint64_t*>(hash) = found;
  }
  return 1;
}

}  // namespace

uint64_t BuildId() {
  uint64_t hash = 0;
  dl_iterate_phdr(&OfProgram, &hash);
  return hash;
}

}  // namespace walkrace
