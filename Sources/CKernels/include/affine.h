#ifndef WS_AFFINE_H
#define WS_AFFINE_H
#include <stddef.h>
#include <stdint.h>
// Codes of 2 to 8 bits with a scale, and perhaps a zero, per group of values (models section 15). `groups` groups of `n` values each, one
// after the other. A code is a byte, round(value / scale) + zero held to `lowest` ... 2^bits - 1, ties to even, exclusive-or `flip` (0x80
// makes signed bytes of codes around 128); it stands for scale * (code - zero). `zeros` has a byte per group, or is NULL where
// every zero is 2^(bits - 1). No alignment is needed.

// Scales (f32) and zeros of groups: max|w| / (2^(bits - 1) - 1) where `zeros` is NULL; else the range of the values and 0 over 2^bits - 1,
// and the code of 0. A group of zeros has the scale 1. -1, or the first group with a value that is not finite or a range that is not.
ptrdiff_t ws_affine_fit(void *scales, void *zeros, const void *values, size_t groups, size_t n, int bits);
// Scales that give the least squared error among fractions of those that ws_affine_fit gives and a least-squares fit to the best one's
// codes; the given ones stay where none is better. The zeros stay.
void ws_affine_search(void *scales, const void *zeros, const void *values, size_t groups, size_t n, int bits, int lowest);
void ws_affine_codes(void *codes, const void *values, const void *scales, const void *zeros, size_t groups, size_t n,
                     int bits, int lowest, int flip);
void ws_affine_values(void *values, const void *codes, const void *scales, const void *zeros, size_t groups, size_t n,
                      int bits, int flip);

// The same in groups that have an offset instead of a zero: a code stands for scale * code + bias, and both are what MLX's quantizer
// chooses (formats section 9). `biases` are f32.
ptrdiff_t ws_biased_fit(void *scales, void *biases, const void *values, size_t groups, size_t n, int bits);
void ws_biased_codes(void *codes, const void *values, const void *scales, const void *biases, size_t groups, size_t n, int bits);
void ws_biased_values(void *values, const void *codes, const void *scales, const void *biases, size_t groups, size_t n);

// Rows of `columns` codes whose scale and zero are those of group order[column] (i32, each below `groups`) of their row.
void ws_ordered_values(void *values, const void *codes, const void *scales, const void *zeros, const void *order,
                       size_t rows, size_t columns, size_t groups, int bits, int flip);

// Rows of n codes as one stream of bits each, the first code in the lowest bits of the first byte (formats section 9); a row begins on a
// byte and its last byte is filled with zero bits.
void ws_pack_codes(void *packed, const void *codes, size_t rows, size_t n, int bits);
void ws_unpack_codes(void *codes, const void *packed, size_t rows, size_t n, int bits);
#endif
