// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/linux_guest.h"

#include "tests/support/run_program.h"
#include "tests/support/this_host.h"

namespace qvm::test {
namespace {

const std::string kSource = QVM_SOURCE_DIR;
const std::string kBinary = QVM_BINARY_DIR;

std::vector<std::string> words_for_amd64() {
  std::vector<std::string> words = {"--module", kSource + "/tests/system/guests/linux/third-party"};
  for (const char* program : {"driver-check", "dev-mem", "hyp-shm-program"})
    words.insert(words.end(), {"--add", kBinary + "/tests/linux/" + program});
  words.insert(words.end(), {"--add", kSource + "/tests/system/guests/linux/come-back.sh:come-back"});
  return words;
}

std::vector<std::string> words_for_arm64() {
  return {"--arch", "arm64", "--add", kBinary + "/tests/linux-arm64/driver-check"};
}

}  // namespace

Result<LinuxImages> linux_images(LinuxArchitecture architecture) {
  const bool foreign = architecture == LinuxArchitecture::arm64;
  if (foreign && !made_linux_arm64().empty())
    return LinuxImages{made_linux_arm64() + "/Image", made_linux_arm64() + "/initramfs.gz"};
  const std::string directory = kBinary + (foreign ? "/linux-guest-arm64" : "/linux-guest");
  std::vector<std::string> words = foreign ? words_for_arm64() : words_for_amd64();
  words.insert(words.begin(), kSource + "/tools/linux-image.sh");
  words.push_back(directory);
  const ProgramResult made = run_program(words, "");
  if (made.status != 0) return fail("no Linux guest: " + made.output);
  return LinuxImages{directory + (foreign ? "/Image" : "/vmlinuz"), directory + "/initramfs.gz"};
}

}  // namespace qvm::test
