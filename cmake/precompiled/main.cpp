// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// All that the targets which own precompiled headers are made of.
int main() {}
