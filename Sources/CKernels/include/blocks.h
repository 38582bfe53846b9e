#ifndef WS_BLOCKS_H
#define WS_BLOCKS_H
#include <stddef.h>
#include <stdint.h>
// Quantized layouts. Encoders return -1, or the index of the first block (or row) that cannot be encoded: a value that is not
// finite, or one too large for the block's half-precision scale; what they wrote is then incomplete. No alignment is needed.

// ggml's blocks of a row's values (formats section 8): 32 values in q8_0, q4_0, q4_1, q5_0, q5_1, iq4_nl and mxfp4, 256 in the others.
// `count` blocks, values as f32.
#define WS_BLOCKS(name)                                                                  \
  ptrdiff_t ws_##name##_encode(void *blocks, const void *values, size_t count);         \
  void ws_##name##_decode(void *values, const void *blocks, size_t count);
WS_BLOCKS(q8_0)
WS_BLOCKS(q4_0)
WS_BLOCKS(q4_1)
WS_BLOCKS(q5_0)
WS_BLOCKS(q5_1)
WS_BLOCKS(q2_k)
WS_BLOCKS(q3_k)
WS_BLOCKS(q4_k)
WS_BLOCKS(q5_k)
WS_BLOCKS(q6_k)
WS_BLOCKS(iq4_nl)
WS_BLOCKS(iq4_xs)
WS_BLOCKS(tq1_0)
WS_BLOCKS(tq2_0)
WS_BLOCKS(mxfp4)
// The same with the importance of each column (f32 [columns], not negative): whole rows, of which the index counts the blocks.
#define WS_WEIGHED(name) \
  ptrdiff_t ws_##name##_weigh(void *blocks, const void *values, const void *importance, size_t rows, size_t columns);
WS_WEIGHED(q4_0)
WS_WEIGHED(q4_1)
WS_WEIGHED(q5_0)
WS_WEIGHED(q5_1)
WS_WEIGHED(q2_k)
WS_WEIGHED(q3_k)
WS_WEIGHED(q4_k)
WS_WEIGHED(q5_k)
WS_WEIGHED(q6_k)
WS_WEIGHED(iq4_nl)
WS_WEIGHED(iq4_xs)
void ws_q8_k_decode(void *values, const void *blocks, size_t count);
#endif
