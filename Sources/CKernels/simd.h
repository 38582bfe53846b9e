// A vector of LANES elements of type T, and what the kernels need of it. Included once per instance (kernels_*.c), which
// defines T, I (an integer as wide as T), LANES, FMA (1 where the target multiplies and adds in one instruction) and WS.
typedef T vec __attribute__((ext_vector_type(LANES)));
typedef I ivec __attribute__((ext_vector_type(LANES)));
#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const T *p) {
  vec v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

INLINE void store(T *p, vec v) { __builtin_memcpy(p, &v, sizeof v); }

// The first `count` elements, the rest zero: tails go through the same arithmetic as whole vectors.
INLINE vec load_part(const T *p, ptrdiff_t count) {
  vec v = (vec)(T)0;
  __builtin_memcpy(&v, p, (size_t)count * sizeof(T));
  return v;
}

INLINE void store_part(T *p, vec v, ptrdiff_t count) { __builtin_memcpy(p, &v, (size_t)count * sizeof(T)); }

// x * y + z
INLINE vec fma_(vec x, vec y, vec z) {
#if FMA
  return __builtin_elementwise_fma(x, y, z);
#else
  return x * y + z;
#endif
}

INLINE vec select_(ivec mask, vec yes, vec no) { return (vec)((mask & (ivec)yes) | (~mask & (ivec)no)); }

INLINE vec abs_(vec x) { return __builtin_elementwise_abs(x); }

INLINE vec with_sign(vec magnitude, vec sign) {
  ivec top = (ivec)((I)1 << (sizeof(I) * 8 - 1));
  return (vec)(((ivec)magnitude & ~top) | ((ivec)sign & top));
}

// Lanes added pairwise, always in the same order.
INLINE T sum_(vec v) {
  T lane[LANES];
  store(lane, v);
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lane[i] += lane[i + width];
  return lane[0];
}
