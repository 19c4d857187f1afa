// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/abi/guest_shm.h"

#include <gtest/gtest.h>

#include <cstring>

extern "C" std::uint32_t guest_shm_senders_in_c(std::uint32_t status);
extern "C" std::uint32_t guest_shm_attached_in_c(std::uint32_t status);
extern "C" std::size_t guest_shm_factory_bytes_in_c();

TEST(GuestShmHeader, SignatureIsTheTextInMemory) {
  const std::uint64_t signature = GUEST_SHM_SIGNATURE;
  EXPECT_EQ(std::memcmp(&signature, "QVMG2GSM", sizeof signature), 0);
}

TEST(GuestShmHeader, SplitsAStatusAlikeInBothLanguages) {
  constexpr std::uint32_t kStatus = 0x00070002;
  EXPECT_EQ(guest_shm_senders(kStatus), 2u);
  EXPECT_EQ(guest_shm_attached(kStatus), 7u);
  EXPECT_EQ(guest_shm_senders_in_c(kStatus), 2u);
  EXPECT_EQ(guest_shm_attached_in_c(kStatus), 7u);
}

TEST(GuestShmHeader, LayoutIsTheSameInBothLanguages) {
  EXPECT_EQ(guest_shm_factory_bytes_in_c(), sizeof(guest_shm_factory));
  EXPECT_EQ(offsetof(guest_shm_factory, name), 0x1cu);
  EXPECT_EQ(offsetof(guest_shm_factory, find), 0x3cu);
  EXPECT_EQ(offsetof(guest_shm_factory, flags), 0x40u);
}
