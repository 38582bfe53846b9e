#ifndef WS_TRANSPOSE_H
#define WS_TRANSPOSE_H
#include <stddef.h>
#include <stdint.h>
// target[c][r] = source[r][c] for elements of 1, 2, 4 or 8 bytes. Source rows begin `source_stride` bytes apart (at least
// columns * element_bytes); target rows follow each other without gaps. No alignment is needed; the two must not overlap.
// Returns 0, or 1 for another element size, with nothing written.
int ws_transpose(void *target, const void *source, size_t rows, size_t columns, size_t source_stride,
                 size_t element_bytes);
#endif
