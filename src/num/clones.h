// Machine-specific copies of one plain C function, chosen when the program is loaded.
//
// Contraction is off and no loop sums in another order, so every copy gives the same bits: the
// attribute changes speed alone. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NUM_CLONES_H
#define ERNN_SRC_NUM_CLONES_H

// Sanitizers instrument the chooser, which runs before they are ready.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ERNN_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define ERNN_CLONES
#endif

#endif
