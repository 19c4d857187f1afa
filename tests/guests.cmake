# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(guests_unit_test
  unit/guests/conversation_test.cpp
  unit/guests/format_test.cpp
  unit/guests/guest_shm_test.cpp
  unit/guests/guest_shm_c.c
  "${PROJECT_SOURCE_DIR}/guests/hello/conversation.cpp"
  "${PROJECT_SOURCE_DIR}/guests/baremetal/format.cpp")
