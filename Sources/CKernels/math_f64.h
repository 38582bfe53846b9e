// exp, tanh and erf of a vector of doubles through libm: the reference precision favours accuracy over speed.
#include <math.h>

#define BY_LANE(name, f)                     \
  INLINE vec name(vec x) {                   \
    for (int i = 0; i < LANES; i++) x[i] = f(x[i]); \
    return x;                                \
  }
BY_LANE(exp_, exp)
BY_LANE(tanh_, tanh)
BY_LANE(erf_, erf)
#undef BY_LANE
