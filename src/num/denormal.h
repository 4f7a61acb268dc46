// Denormal numbers as zero while training runs: vanishing gradients are full of them, and they cost
// 2.5 to 4 times the run time. The setting belongs to the calling thread.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NUM_DENORMAL_H
#define ERNN_SRC_NUM_DENORMAL_H

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

// Starts flushing; returns what ernn_denormal_restore() needs. A no-op where the processor has no
// such control.
static inline unsigned ernn_denormal_flush(void)
{
#if defined(__x86_64__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040); // flush results to zero, read denormals as zero
    return before;
#else
    return 0;
#endif
}

static inline void ernn_denormal_restore(unsigned before)
{
#if defined(__x86_64__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

#endif
