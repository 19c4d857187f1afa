// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "guests/baremetal/print.h"

TEST(GuestFormat, PutsValuesOfEveryKind) {
  char text[64];
  guest::format(text, "{} {} {x} {} {}", "text", -5, 0xbeefu, 'c', 18446744073709551615ull);
  EXPECT_STREQ(text, "text -5 0xbeef c 18446744073709551615");
}

TEST(GuestFormat, CutsOffWhatDoesNotFit) {
  char text[6];
  guest::format(text, "{}", "seven letters");
  EXPECT_STREQ(text, "seven");
}

TEST(GuestFormat, ShowsAMissingArgument) {
  char text[16];
  guest::format(text, "{} {}", 1);
  EXPECT_STREQ(text, "1 {?}");
}

TEST(GuestFormat, LeavesOtherBracesAlone) {
  char text[16];
  guest::format(text, "{a} {", 1);
  EXPECT_STREQ(text, "{a} {");
}
