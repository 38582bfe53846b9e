#include "checksum.h"
#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

// Reflected CRC-32C, one register `c` (already inverted). Three ways to the same value: eight table lookups per 8 bytes
// (any CPU), the CPU's crc32 instruction, and that instruction on three strands at once. The instruction takes one result
// per 3 cycles but starts one per cycle, so three independent strands run three times as fast as one; they are joined with
// "advance the register over `n` zero bytes", which is linear and therefore four lookups.

static uint32_t table[8][256];

// Strand lengths in bytes: the long one for bulk data, the short one for what is left.
enum { LONG = 4096, SHORT = 256 };
static uint32_t advance_long[4][256], advance_short[4][256];

static uint32_t over_zeros(uint32_t c, size_t n) {
  while (n--) c = (c >> 8) ^ table[0][c & 0xff];
  return c;
}

static void fill_advance(uint32_t advance[4][256], size_t n) {
  uint32_t basis[32];
  for (int bit = 0; bit < 32; bit++) basis[bit] = over_zeros(1u << bit, n);
  for (int byte = 0; byte < 4; byte++)
    for (int value = 1; value < 256; value++) {
      int bit = __builtin_ctz((unsigned)value);
      advance[byte][value] = advance[byte][value & (value - 1)] ^ basis[8 * byte + bit];
    }
}

#if defined(__x86_64__)
#define HARDWARE __attribute__((target("sse4.2")))
#define STEP8(c, v) ((uint32_t)__builtin_ia32_crc32di((c), (v)))
#define STEP1(c, b) __builtin_ia32_crc32qi((c), (b))
static int has_hardware(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") != 0;
}
#elif defined(__aarch64__)
#if defined(__ARM_FEATURE_CRC32)
#define HARDWARE
#else
#define HARDWARE __attribute__((target("crc")))
#endif
#define STEP8(c, v) __builtin_arm_crc32cd((c), (v))
#define STEP1(c, b) __builtin_arm_crc32cb((c), (b))
static int has_hardware(void) {
#if defined(__ARM_FEATURE_CRC32) || defined(__APPLE__)
  return 1;  // every Apple core has it
#elif defined(__linux__)
  return (getauxval(AT_HWCAP) & (1ul << 7)) != 0;  // HWCAP_CRC32
#else
  return 0;
#endif
}
#endif

static uint32_t portable(uint32_t c, const uint8_t *p, size_t n) {
  for (; n >= 8; n -= 8, p += 8) {
    uint32_t low = c ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
    c = table[7][low & 0xff] ^ table[6][(low >> 8) & 0xff] ^ table[5][(low >> 16) & 0xff] ^
        table[4][low >> 24] ^ table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
  }
  while (n--) c = (c >> 8) ^ table[0][(c ^ *p++) & 0xff];
  return c;
}

#if defined(HARDWARE)
static inline uint64_t load8(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

static inline uint32_t advanced(uint32_t c, const uint32_t by[4][256]) {
  return by[0][c & 0xff] ^ by[1][(c >> 8) & 0xff] ^ by[2][(c >> 16) & 0xff] ^ by[3][c >> 24];
}

// 3 * strand bytes at p.
HARDWARE static inline uint32_t three(uint32_t c, const uint8_t *p, size_t strand, const uint32_t by[4][256]) {
  uint32_t a = c, b = 0, d = 0;
  for (size_t i = 0; i < strand; i += 8) {
    a = STEP8(a, load8(p + i));
    b = STEP8(b, load8(p + strand + i));
    d = STEP8(d, load8(p + 2 * strand + i));
  }
  return advanced(advanced(a, by) ^ b, by) ^ d;
}

HARDWARE static uint32_t hardware(uint32_t c, const uint8_t *p, size_t n) {
  for (; n >= 3 * LONG; n -= 3 * LONG, p += 3 * LONG) c = three(c, p, LONG, advance_long);
  for (; n >= 3 * SHORT; n -= 3 * SHORT, p += 3 * SHORT) c = three(c, p, SHORT, advance_short);
  for (; n >= 8; n -= 8, p += 8) c = STEP8(c, load8(p));
  while (n--) c = STEP1(c, *p++);
  return c;
}
#endif

static uint32_t (*update)(uint32_t, const uint8_t *, size_t) = portable;

__attribute__((constructor)) static void prepare(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = (c & 1) ? (c >> 1) ^ 0x82F63B78u : c >> 1;
    table[0][i] = c;
  }
  for (int t = 1; t < 8; t++)
    for (int i = 0; i < 256; i++) table[t][i] = (table[t - 1][i] >> 8) ^ table[0][table[t - 1][i] & 0xff];
#if defined(HARDWARE)
  if (has_hardware()) {
    fill_advance(advance_long, LONG);
    fill_advance(advance_short, SHORT);
    update = hardware;
  }
#endif
}

uint32_t ws_crc32c(uint32_t crc, const void *bytes, size_t count) { return ~update(~crc, bytes, count); }

uint32_t ws_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
  return ~portable(~crc, bytes, count);
}
