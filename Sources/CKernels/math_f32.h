// exp, tanh and erf of a vector of floats, within 2 ulp. The polynomials come from Scripts/kernels/fit_polynomials.py.

#define POLY2(x, a, b) fma_((vec)(b), x, (vec)(a))
#define POLY3(x, a, ...) fma_(POLY2(x, __VA_ARGS__), x, (vec)(a))
#define POLY4(x, a, ...) fma_(POLY3(x, __VA_ARGS__), x, (vec)(a))
#define POLY5(x, a, ...) fma_(POLY4(x, __VA_ARGS__), x, (vec)(a))
#define POLY6(x, a, ...) fma_(POLY5(x, __VA_ARGS__), x, (vec)(a))
#define POLY7(x, a, ...) fma_(POLY6(x, __VA_ARGS__), x, (vec)(a))
#define POLY8(x, a, ...) fma_(POLY7(x, __VA_ARGS__), x, (vec)(a))

// 2ⁿ for an integral n in -126 ... 127.
INLINE vec power_of_two(ivec n) { return (vec)((n + 127) << 23); }

// x = n·ln2 + r with |r| ≤ ln2 / 2; eˣ = 2ⁿ·eʳ. 2ⁿ is applied in two halves, so that overflow gives infinity and underflow
// goes through the subnormal numbers. A NaN stays a NaN.
INLINE vec exp_(vec x) {
  x = select_(x > (vec)89.0f, (vec)89.0f, x);
  x = select_(x < (vec)-105.0f, (vec)-105.0f, x);
  vec shifted = fma_(x, (vec)1.44269504f, (vec)12582912.0f);  // 1.5·2²³ rounds to an integer in the low bits
  vec n = shifted - (vec)12582912.0f;
  ivec k = (ivec)shifted - (ivec)(vec)12582912.0f;
  vec r = fma_(n, (vec)-0.693359375f, x);  // ln2 in two parts: n times the first is exact
  r = fma_(n, (vec)2.12194440e-4f, r);
  vec p = POLY5(r, 0.50000001f, 0.166665129f, 0.0416661873f, 0.00836959841f, 0.00139517172f);
  p = fma_(p, r * r, r) + (vec)1.0f;
  ivec half = k >> 1;
  vec y = p * power_of_two(half) * power_of_two(k - half);
  return select_(x == x, y, x);
}

INLINE vec tanh_(vec x) {
  vec a = abs_(x), z = x * x;
  vec small = POLY5(z, -0.333332721f, 0.133311528f, -0.0537141042f, 0.0205517107f, -0.00560390545f);
  small = fma_(small * z, x, x);
  vec large = with_sign((vec)1.0f - (vec)2.0f / (exp_(a + a) + (vec)1.0f), x);
  return select_(a < (vec)0.625f, small, select_(x == x, large, x));
}

INLINE vec erf_(vec x) {
  vec a = abs_(x), z = x * x;
  vec small = POLY7(z, 0.128379167f, -0.376126337f, 0.112836939f, -0.0268592708f, 0.00520063431f, -0.000813743756f,
                    8.34522489e-05f);
  small = fma_(small, x, x);
  a = select_(a > (vec)4.0f, (vec)4.0f, a);  // 1 - erf(4) is less than half an ulp of 1
  vec log_rest = POLY8(a, 0.00017324121f, -1.12950816f, -0.633360234f, -0.108265811f, 0.0251104436f, -0.00416774453f,
                       0.000433796443f, -2.10389943e-05f);
  vec large = with_sign((vec)1.0f - exp_(log_rest), x);
  return select_(a < (vec)0.92f, small, select_(x == x, large, x));
}
