// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How fast configurations are read inside a process: "parse bytes=… ns=…" and the like, one line a figure.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "config/format/format.h"
#include "config/language/lexer.h"
#include "config/language/parser.h"
#include "config/load.h"
#include "tests/support/config_text.h"

namespace {

using namespace qvm;

constexpr int kRuns = 31;

// Nanoseconds of the median of many runs.
template <class Work>
std::uint64_t median(Work&& work) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::uint64_t> times;
  for (int i = 0; i < kRuns; ++i) {
    const auto begin = Clock::now();
    work();
    times.push_back(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count()));
  }
  std::nth_element(times.begin(), times.begin() + kRuns / 2, times.end());
  return times[kRuns / 2];
}

void print(std::string_view name, std::size_t bytes, std::uint64_t nanoseconds) {
  fmt::print("{} bytes={} ns={}\n", name, bytes, nanoseconds);
}

// Memory that was freed stays with the process, as in one that has more to read: otherwise the kernel's
// clearing of pages is measured.
void keep_memory() {
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
}

void measure(const std::string& name, const std::string& text) {
  test::MemoryReader reader;
  reader.variables["QVM_GUESTS"] = "/usr/share/qvm/guests";
  reader.files["vm"] = text;
  config::ParseInput input;
  input.words = {"@vm"};
  print("lex" + name, text.size(), median([&] {
          config::SourceSet sources;
          config::DiagnosticSink sink;
          config::lex_text(sources.add("vm", text), sources, reader, sink);
        }));
  print("parse" + name, text.size(), median([&] {
          config::SourceSet sources;
          config::DiagnosticSink sink;
          config::parse(input, test::shipped_tables(), reader, sources, sink);
        }));
  print("check" + name, text.size(), median([&] {
          config::VmInput vm;
          vm.words = input.words;
          config::load_vms({vm}, test::shipped_tables(), reader);
        }));
  print("format" + name, text.size(), median([&] {
          config::SourceSet sources;
          config::DiagnosticSink sink;
          config::format(sources.add("vm", text), sources, test::shipped_tables(), sink);
        }));
}

}  // namespace

// lint_rate FILE: the file's text again and again, up to sizes that double.
int main(int argc, char** argv) {
  if (argc != 2) return EXIT_FAILURE;
  keep_memory();
  std::ifstream file(argv[1], std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (text.str().empty()) return EXIT_FAILURE;
  print("tables", 0, median([] { (void)config::TableSet::shipped(); }));
  for (const std::size_t size : {16'000U, 32'000U, 64'000U, 128'000U}) {
    std::string repeated;
    while (repeated.size() < size) repeated += text.str();
    measure(fmt::format("-{}", size / 1000), repeated);
  }
  return EXIT_SUCCESS;
}
