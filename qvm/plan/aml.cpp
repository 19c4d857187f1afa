// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/aml.h"

#include <cassert>

namespace qvm::plan::aml {
namespace {

char byte(unsigned value) {
  return static_cast<char>(static_cast<unsigned char>(value));
}

// The length counts itself. One byte up to 63, else two bits say how many bytes follow and four bits begin
// the number.
Bytes with_package_length(const Bytes& content) {
  for (unsigned extra = 0; extra <= 3; ++extra) {
    const std::uint64_t length = content.size() + 1 + extra;
    const std::uint64_t limit = extra == 0 ? 64 : std::uint64_t{1} << (4 + 8 * extra);
    if (length >= limit) continue;
    if (extra == 0) return byte(static_cast<unsigned>(length)) + content;
    Bytes result(1, byte((extra << 6) | static_cast<unsigned>(length & 0xf)));
    return result + little_endian(length >> 4, extra) + content;
  }
  assert(false && "an AML package of 256 MiB");
  return {};
}

Bytes segment_bytes(std::string_view segment) {
  assert(segment.size() <= 4);
  Bytes result(segment);
  result.resize(4, '_');
  return result;
}

Bytes padded(std::string_view text, std::size_t length) {
  Bytes result(text.substr(0, length));
  result.resize(length, '\0');
  return result;
}

}  // namespace

Bytes little_endian(std::uint64_t value, unsigned width) {
  Bytes result;
  for (unsigned i = 0; i < width; ++i) result += byte(static_cast<unsigned>((value >> (8 * i)) & 0xff));
  return result;
}

Bytes integer(std::uint64_t value) {
  if (value == 0) return Bytes(1, '\x00');
  if (value == 1) return Bytes(1, '\x01');
  if (value <= 0xff) return byte(0x0a) + little_endian(value, 1);
  if (value <= 0xffff) return byte(0x0b) + little_endian(value, 2);
  if (value <= 0xffffffff) return byte(0x0c) + little_endian(value, 4);
  return byte(0x0e) + little_endian(value, 8);
}

Bytes string(std::string_view text) {
  return byte(0x0d) + Bytes(text) + '\0';
}

Bytes buffer(const Bytes& content) {
  return byte(0x11) + with_package_length(integer(content.size()) + content);
}

Bytes package(const std::vector<Bytes>& elements) {
  assert(elements.size() <= 0xff);
  Bytes content(1, byte(static_cast<unsigned>(elements.size())));
  for (const Bytes& element : elements) content += element;
  return byte(0x12) + with_package_length(content);
}

Bytes name(std::string_view segment, const Bytes& value) {
  return byte(0x08) + segment_bytes(segment) + value;
}

Bytes device(std::string_view segment, const Bytes& content) {
  Bytes result(1, byte(0x5b));
  return result + byte(0x82) + with_package_length(segment_bytes(segment) + content);
}

Bytes scope(std::string_view path, const Bytes& content) {
  Bytes encoded;
  if (path.substr(0, 1) == "\\") {
    encoded = "\\";
    path.remove_prefix(1);
  }
  return byte(0x10) + with_package_length(encoded + segment_bytes(path) + content);
}

Bytes memory32_fixed(std::uint32_t start, std::uint32_t length) {
  Bytes result(1, byte(0x86));
  return result + little_endian(9, 2) + byte(1) + little_endian(start, 4) + little_endian(length, 4);
}

Bytes qword_memory(std::uint64_t start, std::uint64_t length) {
  Bytes result(1, byte(0x8a));
  result += little_endian(0x2b, 2);
  result += byte(0);     // memory
  result += byte(0x0d);  // consumer, minimum and maximum fixed
  result += byte(1);     // read-write
  for (const std::uint64_t field : {std::uint64_t{0}, start, start + length - 1, std::uint64_t{0}, length}) {
    result += little_endian(field, 8);
  }
  return result;
}

Bytes level_interrupt(std::uint32_t line) {
  Bytes result(1, byte(0x89));
  result += little_endian(6, 2);
  result += byte(0x09);  // consumer, shared
  result += byte(1);
  return result + little_endian(line, 4);
}

Bytes resource_template(const std::vector<Bytes>& descriptors) {
  Bytes content;
  for (const Bytes& descriptor : descriptors) content += descriptor;
  // The end tag; a checksum of 0 means that there is none.
  content += byte(0x79);
  content += byte(0);
  return buffer(content);
}

Bytes table(std::string_view signature, std::uint8_t revision, std::string_view oem_table_id,
            const Bytes& content) {
  constexpr std::size_t kHeader = 36;
  constexpr std::size_t kChecksum = 9;
  Bytes result = padded(signature, 4);
  result += little_endian(kHeader + content.size(), 4);
  result += byte(revision);
  result += byte(0);
  result += padded("QVM", 6) + padded(oem_table_id, 8) + little_endian(1, 4);
  result += padded("QVM", 4) + little_endian(1, 4);
  result += content;
  unsigned sum = 0;
  for (const char c : result) sum += static_cast<unsigned char>(c);
  result[kChecksum] = byte((0x100 - (sum & 0xff)) & 0xff);
  return result;
}

}  // namespace qvm::plan::aml
