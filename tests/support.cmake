# SPDX-FileCopyrightText: 2026 the qvm authors
# SPDX-License-Identifier: BSD-2-Clause
qvm_library(qvm_test_programs support/run_program.cpp LINK qvm_base)
