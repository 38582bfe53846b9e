#ifndef WS_LEVELS_H
#define WS_LEVELS_H
#include <stddef.h>
#include <stdint.h>
// Codes that are places in a table of levels, or small floats, with a scale (f32) per group (models section 15). `groups` groups of `n`
// values each, one after the other; a code is a byte. No alignment is needed.

// max|w| / most, and `empty` for a group of zeros. -1, or the first group with a value that is not finite.
ptrdiff_t ws_level_scales(void *scales, const void *values, size_t groups, size_t n, float most, float empty);
// The first of the 16 levels (f32) that are nearest to value / scale; of two zeros, codes 0 and 8, the one their program chooses.
void ws_level_codes(void *codes, const void *values, const void *scales, size_t groups, size_t n, const void *levels);
// scale * levels[code]; codes are below the number of levels.
void ws_level_values(void *values, const void *codes, const void *scales, size_t groups, size_t n, const void *levels);
// value / scale as an 8-bit float, ties to even, held to the largest: e4m3fn for 3 bits of fraction, e5m2 for 2.
void ws_f8_codes(void *codes, const void *values, const void *scales, size_t groups, size_t n, int fraction);
// Exchanges the halves of each byte.
void ws_swap_nibbles(void *bytes, size_t count);
#endif
