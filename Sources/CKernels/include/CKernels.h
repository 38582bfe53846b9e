#ifndef WS_CKERNELS_H
#define WS_CKERNELS_H
#include <stddef.h>
#include <stdint.h>
#include "blocks.h"
#include "checksum.h"
#include "convert.h"
#include "transpose.h"
#endif
