# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_test(vdevs_shmem_unit_test
  unit/vdevs/shmem_factory_test.cpp unit/vdevs/shmem_control_test.cpp
  LINK qvm_shmem_device)
