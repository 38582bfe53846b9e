#ifndef WS_SYSTEM_H
#define WS_SYSTEM_H
#include <stdint.h>
// Asks the kernel to begin writing a range of a file to disk, without waiting. Nothing where the system has no such call.
void ws_start_writeback(int descriptor, int64_t offset, int64_t count);
// Takes disk space for the first `count` bytes of a file. 0, or -1 and errno.
int ws_reserve(int descriptor, int64_t count);
// Exchanges two names in one step; -1 where the system or the file system cannot.
int ws_exchange(const char *one, const char *other);
// Makes malloc keep large blocks instead of giving each back to the system: buffers of tensor size then cost their page faults
// once. And makes those faults few, by huge pages where the kernel has them.
void ws_keep_large_blocks(void);
// Blocks `signals` and starts a thread that calls `handler` with the first that arrives. 0, or an error code.
int ws_on_signal(const int *signals, int count, void (*handler)(int));
#endif
