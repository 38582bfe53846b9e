#ifndef WS_CONVERT_H
#define WS_CONVERT_H
#include <stddef.h>
#include <stdint.h>
// Element types of ws_convert. Values are ours, not any file's.
enum {
  WS_BOOL, WS_U8, WS_I8, WS_U16, WS_I16, WS_U32, WS_I32, WS_U64, WS_I64, WS_F16, WS_BF16, WS_F32, WS_F64,
  WS_F8E4M3, WS_F8E5M2, WS_F8E8M0, WS_F8E4M3FNUZ, WS_F8E5M2FNUZ
};
// `count` elements of type `from` as type `to`, one of F16, BF16, F32, F64: the nearest value, ties to even, overflow to
// infinity. A NaN keeps its sign and the upper bits of its payload and is quiet. No alignment is needed; the two must not
// overlap. Returns 0, or 1 for a pair of types that is not supported, with nothing written.
int ws_convert(void *target, int to, const void *source, int from, size_t count);
// The first of `count` elements that is infinite in `target` (of type `to`) though finite in `source`; -1 for none.
ptrdiff_t ws_first_overflow(
  const void *target, int to, size_t to_bytes, const void *source, int from, size_t from_bytes, size_t count);
// Classes of `count` values of type F16, BF16, F32 or F64: zeros, subnormals, infinities, in this order in `counts`, and the largest finite
// magnitude in `largest`. Returns 0, or 1 for another type.
int ws_value_classes(const void *values, int type, size_t count, uint64_t counts[3], double *largest);
// Puts the largest finite value of the type, with its sign, where an element is infinite in `target` though finite in `source`.
void ws_saturate(void *target, int to, size_t to_bytes, const void *source, int from, size_t from_bytes, size_t count);
// Reverses the bytes of each of `count` elements of 2, 4 or 8 bytes in place; returns 1 for another size.
int ws_byteswap(void *bytes, size_t element_bytes, size_t count);
#endif
