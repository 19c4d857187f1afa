// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/linux_guest.h"

#include "tests/support/run_program.h"

namespace qvm::test {

Result<LinuxImages> linux_images() {
  const std::string source = QVM_SOURCE_DIR;
  const std::string binary = QVM_BINARY_DIR;
  const std::string directory = binary + "/linux-guest";
  std::vector<std::string> words = {source + "/tools/linux-image.sh", "--module",
                                    source + "/tests/system/guests/linux/third-party"};
  for (const char* program : {"driver-check", "dev-mem", "hyp-shm-program"})
    words.insert(words.end(), {"--add", binary + "/tests/linux/" + program});
  words.insert(words.end(),
               {"--add", source + "/tests/system/guests/linux/come-back.sh:come-back", directory});
  const ProgramResult made = run_program(words, "");
  if (made.status != 0) return fail("no Linux guest: " + made.output);
  return LinuxImages{directory + "/vmlinuz", directory + "/initramfs.gz"};
}

}  // namespace qvm::test
