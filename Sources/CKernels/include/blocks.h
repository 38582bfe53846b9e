#ifndef WS_BLOCKS_H
#define WS_BLOCKS_H
#include <stddef.h>
#include <stdint.h>
// Quantized layouts. Encoders return -1, or the index of the first block (or row) that cannot be encoded: a value that is not
// finite, or one too large for the block's half-precision scale; what they wrote is then incomplete. No alignment is needed.

// q8_0, the ggml block of 32 values: f16 scale, 32 signed codes (34 bytes). `count` blocks.
ptrdiff_t ws_q8_0_encode(void *blocks, const void *values, size_t count);
void ws_q8_0_decode(void *values, const void *blocks, size_t count);

// One f32 scale per row, codes -127 ... 127. codes [rows, columns], scales [rows], values f32 [rows, columns].
ptrdiff_t ws_int8_rows_encode(void *codes, void *scales, const void *values, size_t rows, size_t columns);
void ws_int8_rows_decode(void *values, const void *codes, const void *scales, size_t rows, size_t columns);
#endif
