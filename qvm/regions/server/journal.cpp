// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "qvm/base/whole_text.h"

namespace qvm::regions {
namespace {

constexpr char kName[] = "journal";
constexpr char kNewName[] = "journal.new";
constexpr std::string_view kMagic = "QMJ1\n";

struct RecordHeader {
  std::uint32_t size = 0;
  std::uint32_t checksum = 0;
};

// FNV-1a. Finds what was half written; nobody but us can write the file.
std::uint32_t checksum_of(std::string_view bytes) {
  std::uint32_t hash = 2166136261U ^ static_cast<std::uint32_t>(bytes.size());
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

std::string framed(const std::vector<std::string>& records) {
  std::string bytes;
  for (const std::string& record : records) {
    const RecordHeader header{static_cast<std::uint32_t>(record.size()), checksum_of(record)};
    bytes.append(reinterpret_cast<const char*>(&header), sizeof header);
    bytes += record;
  }
  return bytes;
}

}  // namespace

Result<Journal::Opened> Journal::open(int directory) {
  Opened opened;
  Journal& journal = opened.journal;
  journal.x_directory.reset(::fcntl(directory, F_DUPFD_CLOEXEC, 0));
  if (!journal.x_directory) return fail_errno("keep the journal's directory");
  ::unlinkat(directory, kNewName, 0);  // of a rewrite that was not finished
  journal.x_file.reset(
      ::openat(directory, kName, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!journal.x_file) return fail_errno("open the journal");
  auto text = read_all(journal.x_file.get());
  if (!text) return fail_from(std::move(text), "the journal");

  const std::string_view all = *text;
  std::uint64_t good = 0;
  if (all.starts_with(kMagic)) {
    good = kMagic.size();
    while (good < all.size()) {
      RecordHeader header;
      const std::string_view rest = all.substr(good);
      if (rest.size() < sizeof header) break;
      std::memcpy(&header, rest.data(), sizeof header);
      if (header.size > rest.size() - sizeof header) break;
      const std::string_view record = rest.substr(sizeof header, header.size);
      if (checksum_of(record) != header.checksum) {
        // A torn record ends with the file; this one is followed by more.
        opened.damaged = rest.size() > sizeof header + header.size;
        break;
      }
      opened.records.emplace_back(record);
      good += sizeof header + header.size;
    }
  } else {
    opened.damaged = !kMagic.starts_with(all);
  }
  if (good < kMagic.size()) {
    if (::ftruncate(journal.x_file.get(), 0) != 0) return fail_errno("start the journal");
    if (!write_all(journal.x_file.get(), kMagic)) return fail_errno("write the journal");
    good = kMagic.size();
  } else if (good < all.size() && ::ftruncate(journal.x_file.get(), static_cast<off_t>(good)) != 0) {
    return fail_errno("cut a torn record off the journal");
  }
  journal.x_size = good;
  journal.x_rewritten_size = good;
  return opened;
}

Result<void> Journal::append(const std::vector<std::string>& records) {
  if (!x_whole) return fail("the journal has a gap");
  const std::string bytes = framed(records);
  if (!write_all(x_file.get(), bytes)) {
    const auto written = fail_errno("write the journal");
    x_whole = false;
    // If it stays, a restart takes it for torn and cuts it off.
    [[maybe_unused]] const auto undone = ::ftruncate(x_file.get(), static_cast<off_t>(x_size));
    return written;
  }
  x_size += bytes.size();
  return {};
}

Result<void> Journal::rewrite(const std::vector<std::string>& records) {
  UniqueFd file(::openat(x_directory.get(), kNewName,
                         O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return fail_errno("make a new journal");
  const std::string bytes = std::string(kMagic) + framed(records);
  Result<void> written;
  if (!write_all(file.get(), bytes)) written = fail_errno("write the journal");
  if (written && ::renameat(x_directory.get(), kNewName, x_directory.get(), kName) != 0)
    written = fail_errno("replace the journal");
  if (!written) {
    // On a full file system it would take the room that the next one needs.
    ::unlinkat(x_directory.get(), kNewName, 0);
    return written;
  }
  x_file = std::move(file);
  x_size = bytes.size();
  x_rewritten_size = x_size;
  x_whole = true;
  return {};
}

void Journal::remove() {
  ::unlinkat(x_directory.get(), kName, 0);
}

}  // namespace qvm::regions
