#ifndef WS_CHECKSUM_H
#define WS_CHECKSUM_H
#include <stddef.h>
#include <stdint.h>
// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) of `count` bytes that follow data whose CRC is `crc`; start with 0.
uint32_t ws_crc32c(uint32_t crc, const void *bytes, size_t count);
// The same value without any CPU instruction for it, so that tests cover the fallback on every machine.
uint32_t ws_crc32c_portable(uint32_t crc, const void *bytes, size_t count);
// CRC-32 (zip, gzip; reflected polynomial 0xEDB88320) of all whole blocks of 64 bytes, of data that follow data whose CRC is `crc`:
// `rest` takes 16 bytes that stand for them in a register of zero, which is 0xFFFFFFFF as a CRC. Returns how many bytes they stand for;
// 0, and nothing in `rest`, where there are fewer than 64 or the CPU has no carry-less multiplication.
size_t ws_crc32_fold(uint32_t crc, const void *bytes, size_t count, uint8_t rest[16]);
#endif
