#include "convert.h"
#include <math.h>
#include <string.h>

// Whether any of `n` elements of the type is infinite. No early exit, so that the loop becomes vector code.
#define ANY(type, mask, infinity)                               \
  do {                                                          \
    for (size_t i = 0; i < n; i++) {                            \
      type bits;                                                \
      memcpy(&bits, target + i * sizeof bits, sizeof bits);     \
      found |= (bits & (type)(mask)) == (type)(infinity);       \
    }                                                           \
  } while (0)

static int any_infinite(const unsigned char *target, int type, size_t n) {
  int found = 0;
  switch (type) {
    case WS_F16: ANY(uint16_t, 0x7FFF, 0x7C00); break;
    case WS_BF16: ANY(uint16_t, 0x7FFF, 0x7F80); break;
    case WS_F32: ANY(uint32_t, 0x7FFFFFFF, 0x7F800000); break;
    default: break;
  }
  return found;
}

ptrdiff_t ws_first_overflow(
  const void *target, int to, size_t to_bytes, const void *source, int from, size_t from_bytes, size_t count
) {
  enum { PIECE = 1024 };
  const unsigned char *made = target, *given = source;
  for (size_t start = 0; start < count; start += PIECE) {
    const size_t n = count - start < PIECE ? count - start : PIECE;
    if (!any_infinite(made + start * to_bytes, to, n)) continue;
    for (size_t i = start; i < start + n; i++) {
      double value;
      if (!any_infinite(made + i * to_bytes, to, 1)) continue;
      if (ws_convert(&value, WS_F64, given + i * from_bytes, from, 1) == 0 && isfinite(value)) return (ptrdiff_t)i;
    }
  }
  return -1;
}
