#include "convert.h"
#include "elements.h"
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

void ws_saturate(
  void *target, int to, size_t to_bytes, const void *source, int from, size_t from_bytes, size_t count
) {
  unsigned char *made = target;
  const unsigned char *given = source;
  size_t start = 0;
  while (start < count) {
    const ptrdiff_t found = ws_first_overflow(
      made + start * to_bytes, to, to_bytes, given + start * from_bytes, from, from_bytes, count - start);
    if (found < 0) return;
    // One below the bits of infinity stands the largest finite number; the sign is in the last byte.
    unsigned char *element = made + (start + (size_t)found) * to_bytes;
    if (to == WS_F32) {
      STORE(element, 0, LOAD(uint32_t, element, 0) - 1);
    } else {
      STORE(element, 0, (uint16_t)(LOAD(uint16_t, element, 0) - 1));
    }
    start += (size_t)found + 1;
  }
}

// Counts in 32 bits and a largest magnitude in the type's own bits, so that the loop becomes vector code.
#define CLASSES(type, infinity, least_normal)                            \
  do {                                                                   \
    type top = 0;                                                        \
    for (size_t start = 0; start < count; start += PIECE) {              \
      const size_t n = count - start < PIECE ? count - start : PIECE;    \
      type zeros = 0, subnormals = 0, infinities = 0;                    \
      for (size_t i = 0; i < n; i++) {                                   \
        const type bits = LOAD(type, values, start + i);                 \
        const type magnitude = (type)(bits << 1) >> 1;                   \
        const type finite = magnitude < (type)(infinity) ? magnitude : 0; \
        zeros += magnitude == 0;                                         \
        subnormals += magnitude < (type)(least_normal);                  \
        infinities += magnitude == (type)(infinity);                     \
        top = finite > top ? finite : top;                               \
      }                                                                  \
      counts[0] += zeros;                                                \
      counts[1] += subnormals - zeros;                                   \
      counts[2] += infinities;                                           \
    }                                                                    \
    if (ws_convert(largest, WS_F64, &top, type_code, 1)) return 1;       \
  } while (0)

int ws_value_classes(const void *values, int type_code, size_t count, uint64_t counts[3], double *largest) {
  enum { PIECE = 4096 };
  counts[0] = counts[1] = counts[2] = 0;
  switch (type_code) {
    case WS_F16: CLASSES(uint16_t, 0x7C00, 0x0400); return 0;
    case WS_BF16: CLASSES(uint16_t, 0x7F80, 0x0080); return 0;
    case WS_F32: CLASSES(uint32_t, 0x7F800000, 0x00800000); return 0;
    case WS_F64: CLASSES(uint64_t, 0x7FF0000000000000, 0x0010000000000000); return 0;
    default: return 1;
  }
}
