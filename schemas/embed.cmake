# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
# cmake -DFOLDER=… -DFILES=a.json,b.json -DOUTPUT=x.cpp -P embed.cmake: writes the files as C++ string literals.

string(REPLACE "," ";" names "${FILES}")
set(entries "")
foreach(name IN LISTS names)
  file(READ "${FOLDER}/${name}" text)
  string(APPEND entries "    {\"${name}\", R\"qvm_json(${text})qvm_json\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Generated from schemas/*.json.\n#include \"schemas/embedded.h\"\n\nnamespace qvm::schemas {\n\n\
std::span<const EmbeddedFile> embedded_files() {\n  static constexpr EmbeddedFile kFiles[] = {\n${entries}  };\n\
  return kFiles;\n}\n\n}  // namespace qvm::schemas\n")
