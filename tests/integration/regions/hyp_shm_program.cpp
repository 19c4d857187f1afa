// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The same program for a C++ compiler.
#include "hyp_shm_program.c"
