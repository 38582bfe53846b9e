#ifndef WS_CKERNELS_H
#define WS_CKERNELS_H
#include "affine.h"
#include "checksum.h"
#include "convert.h"
#include "kernels.h"
#include "blocks.h"
#include "system.h"
#include "transpose.h"
#endif
