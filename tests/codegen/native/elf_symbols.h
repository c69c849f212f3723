// The undefined symbols of an ELF object in memory, 32 or 64 bits, little-endian.
#pragma once

#include <elf.h>

#include <cstring>
#include <set>
#include <stdexcept>
#include <string>

namespace onnxc {

template <class T>
T read_elf(const std::string& object, size_t offset) {
  T value;
  if (offset > object.size() || object.size() - offset < sizeof(T))
    throw std::out_of_range("cut ELF object");
  std::memcpy(&value, object.data() + offset, sizeof(T));
  return value;
}

template <class Header, class Section, class Symbol>
std::set<std::string> undefined_symbols_of(const std::string& object) {
  std::set<std::string> names;
  const auto header = read_elf<Header>(object, 0);
  const auto section = [&](size_t index) {
    return read_elf<Section>(object, header.e_shoff + index * header.e_shentsize);
  };
  for (size_t i = 0; i < header.e_shnum; ++i) {
    const Section table = section(i);
    if (table.sh_type != SHT_SYMTAB) continue;
    const Section strings = section(table.sh_link);
    for (size_t at = sizeof(Symbol); at < table.sh_size; at += sizeof(Symbol)) {
      const auto symbol = read_elf<Symbol>(object, table.sh_offset + at);
      if (symbol.st_shndx == SHN_UNDEF)
        names.insert(object.c_str() + strings.sh_offset + symbol.st_name);
    }
  }
  return names;
}

inline std::set<std::string> undefined_symbols(const std::string& object) {
  if (object.compare(0, SELFMAG, ELFMAG) != 0) throw std::invalid_argument("not an ELF object");
  return object[EI_CLASS] == ELFCLASS64
             ? undefined_symbols_of<Elf64_Ehdr, Elf64_Shdr, Elf64_Sym>(object)
             : undefined_symbols_of<Elf32_Ehdr, Elf32_Shdr, Elf32_Sym>(object);
}

}  // namespace onnxc
