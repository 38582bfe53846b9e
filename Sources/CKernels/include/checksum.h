#ifndef WS_CHECKSUM_H
#define WS_CHECKSUM_H
#include <stddef.h>
#include <stdint.h>
// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) of `count` bytes that follow data whose CRC is `crc`; start with 0.
uint32_t ws_crc32c(uint32_t crc, const void *bytes, size_t count);
// The same value without any CPU instruction for it, so that tests cover the fallback on every machine.
uint32_t ws_crc32c_portable(uint32_t crc, const void *bytes, size_t count);
#endif
