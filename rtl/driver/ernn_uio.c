// SPDX-License-Identifier: Apache-2.0
#include "ernn_uio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 512, INTERRUPT_MS = 1, SLEEP_NS = 20000, REGISTER_BYTES = 256 };

// A number such as 0x1000 of a one-line file. False when there is none.
static bool read_number(const char *sysfs, int map, const char *name, uint64_t *value)
{
    char path[PATH_BYTES];
    char text[64] = "";
    char *end = text;
    snprintf(path, sizeof path, "%s/maps/map%d/%s", sysfs, map, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    if (fgets(text, sizeof text, file))
        *value = strtoull(text, &end, 0);
    fclose(file);
    return end != text;
}

static bool map_one(ernn_uio *uio, const char *sysfs, int map, size_t needed)
{
    uint64_t bytes = 0;
    const long page = sysconf(_SC_PAGESIZE);
    if (!read_number(sysfs, map, "size", &bytes))
        return false;
    if (bytes < needed || bytes > SIZE_MAX / 2) {
        errno = EINVAL;
        return false;
    }
    // UIO's convention: map N lies at N pages of the file.
    void *at =
        mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, uio->file, (off_t)map * page);
    if (at == MAP_FAILED)
        return false;
    uio->maps[map] = at;
    uio->bytes[map] = (size_t)bytes;
    return true;
}

int ernn_uio_open(ernn_uio *uio, const char *device, const char *sysfs)
{
    static const size_t NEEDED[ERNN_UIO_MAPS] = {REGISTER_BYTES, 0x5c, ERNN_MAPPED_BUFFER_BYTES};
    char folder[PATH_BYTES];
    const char *slash = strrchr(device, '/');
    bool is_good = true;
    memset(uio, 0, sizeof *uio);
    snprintf(folder, sizeof folder, "/sys/class/uio/%s", slash ? slash + 1 : device);
    sysfs = sysfs ? sysfs : folder;
    uio->file = open(device, O_RDWR | O_CLOEXEC);
    if (uio->file < 0)
        return -1;
    for (int map = 0; map < ERNN_UIO_MAPS && is_good; map++)
        is_good = map_one(uio, sysfs, map, NEEDED[map]);
    is_good = is_good && read_number(sysfs, 2, "addr", &uio->mapped.buffer_address);
    uio->mapped.registers = uio->maps[0];
    uio->mapped.dma = uio->maps[1];
    uio->mapped.buffer = uio->maps[2];
    if (is_good && ernn_mapped_begin(&uio->mapped) < 0) {
        errno = EIO;
        is_good = false;
    }
    if (!is_good) {
        const int reason = errno;
        ernn_uio_close(uio);
        errno = reason;
    }
    return is_good ? 0 : -1;
}

void ernn_uio_close(ernn_uio *uio)
{
    for (int map = 0; map < ERNN_UIO_MAPS; map++)
        if (uio->maps[map])
            munmap(uio->maps[map], uio->bytes[map]);
    if (uio->file >= 0)
        close(uio->file);
    memset(uio, 0, sizeof *uio);
    uio->file = -1;
}

// ---- The bus: that of ernn_mapped, and time ----

static int wait_interrupt(const ernn_uio *uio)
{
    struct pollfd event = {.fd = uio->file, .events = POLLIN};
    uint32_t count = 1;
    // UIO disables the interrupt when it comes; writing 1 enables it.
    if (write(uio->file, &count, sizeof count) != (ssize_t)sizeof count)
        return -1;
    const int ready = poll(&event, 1, INTERRUPT_MS);
    if (ready < 0)
        return errno == EINTR ? 0 : -1;
    if (ready > 0 && read(uio->file, &count, sizeof count) != (ssize_t)sizeof count)
        return -1;
    return 0;
}

// `mapped`, which the bus is given, is the first member.
static int wait_some(void *user)
{
    const ernn_uio *uio = user;
    const struct timespec pause = {0, SLEEP_NS};
    if (uio->has_interrupt)
        return wait_interrupt(uio);
    (void)nanosleep(&pause, NULL);
    return 0;
}

ernn_bus ernn_uio_bus(ernn_uio *uio, bool has_interrupt)
{
    ernn_bus bus = ernn_mapped_bus(&uio->mapped);
    bus.wait = wait_some;
    bus.has_interrupt = has_interrupt;
    uio->has_interrupt = has_interrupt;
    return bus;
}
