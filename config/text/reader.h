// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How config/ sees files: through this interface only, so that tests and fuzzers need no disk.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"

namespace qvm::config {

struct FileFacts {
  std::uint64_t size = 0;
  bool readable = false;
  bool regular = false;
  bool writable = true;
  bool directory = false;
  std::string identity = {};  // equal for two names of one file; empty if unknown
};

// What the machine that the VMs are to run on has; absent: unknown, and then nothing is judged by it.
struct HostResources {
  std::optional<std::uint32_t> cpus;     // how many
  std::optional<std::uint64_t> memory;   // bytes
  std::vector<std::uint32_t> numbers{};  // of the CPUs, sorted; empty: from 0 on

  // Also if nothing is known about CPUs.
  bool has_cpu(std::uint32_t number) const;
  // "0 to 3"; "0, 2, 3"
  std::string cpu_names() const;
};

// Relative paths are taken from the directory the caller works in, as QNX's qvm does: never from a file's
// own.
class Reader {
 public:
  virtual ~Reader() = default;
  // Whole text of a file of at most limit bytes.
  virtual Result<std::string> read(std::string_view path, std::uint64_t limit) = 0;
  // The first count bytes (fewer at the end of the file).
  virtual Result<std::string> read_head(std::string_view path, std::uint64_t count) = 0;
  virtual Result<FileFacts> facts(std::string_view path) = 0;
  // The caller's environment, for $env{NAME}.
  virtual std::optional<std::string> environment(std::string_view name) = 0;
  virtual HostResources host() = 0;
};

// The caller's disk and environment.
class HostReader final : public Reader {
 public:
  // environment() returns value for a variable that is not set: qvm offers its own directories so.
  void set_default(std::string name, std::string value);

  Result<std::string> read(std::string_view path, std::uint64_t limit) override;
  Result<std::string> read_head(std::string_view path, std::uint64_t count) override;
  Result<FileFacts> facts(std::string_view path) override;
  std::optional<std::string> environment(std::string_view name) override;
  HostResources host() override;

 private:
  std::map<std::string, std::string, std::less<>> x_defaults;
};

// Asks another reader once about each file's facts and beginning: many rules look at the same files.
class RememberingReader final : public Reader {
 public:
  // Beginnings up to this length are remembered.
  static constexpr std::uint64_t kHeadBytes = 4096;

  // other outlives it.
  explicit RememberingReader(Reader& other) : x_other(other) {}

  Result<std::string> read(std::string_view path, std::uint64_t limit) override;
  Result<std::string> read_head(std::string_view path, std::uint64_t count) override;
  Result<FileFacts> facts(std::string_view path) override;
  std::optional<std::string> environment(std::string_view name) override;
  HostResources host() override;

 private:
  Reader& x_other;
  std::map<std::string, Result<std::string>, std::less<>> x_heads;
  std::map<std::string, Result<FileFacts>, std::less<>> x_facts;
  std::optional<HostResources> x_host;
};

}  // namespace qvm::config
