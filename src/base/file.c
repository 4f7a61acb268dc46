// Whole files in and out, complete or not at all. SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ernn_status fail(ernn_error *err, const char *action, const char *path)
{
    return ernn_error_set(err, ERNN_IO, "%s: cannot %s: %s", path, action, strerror(errno));
}

ernn_status ernn_file_load(const char *path, size_t max_bytes, char **data, size_t *size,
                           ernn_error *err)
{
    *data = NULL;
    *size = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail(err, "open", path);
    ernn_status status = ERNN_OK;
    char *bytes = NULL;
    struct stat info;
    if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode)) {
        status = ernn_error_set(err, ERNN_IO, "%s: not a regular file", path);
    } else if ((uintmax_t)info.st_size > max_bytes) {
        status = ernn_error_set(err, ERNN_TOO_BIG, "%s: %jd bytes, at most %zu are read here", path,
                                (intmax_t)info.st_size, max_bytes);
    } else if (!(bytes = ernn_mem_new((size_t)info.st_size + 1, 1, err))) {
        status = ERNN_NO_MEMORY;
    } else if (fread(bytes, 1, (size_t)info.st_size, file) != (size_t)info.st_size) {
        status = fail(err, "read all of it", path);
    }
    fclose(file);
    if (status != ERNN_OK) {
        ernn_mem_free(bytes);
        return status;
    }
    *data = bytes;
    *size = (size_t)info.st_size;
    return ERNN_OK;
}

static bool write_all(int descriptor, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(descriptor, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

ernn_status ernn_file_save(const char *path, const void *data, size_t size, ernn_error *err)
{
    char beside[1100];
    if (snprintf(beside, sizeof beside, "%s.tmp%ld", path, (long)getpid()) >= (int)sizeof beside)
        return ernn_error_set(err, ERNN_TOO_BIG, "%.200s...: path is too long", path);
    int descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (descriptor < 0)
        return fail(err, "create", beside);
    bool good = write_all(descriptor, data, size) && fsync(descriptor) == 0;
    int kept = errno;
    good = close(descriptor) == 0 && good;
    if (good && rename(beside, path) == 0)
        return ERNN_OK;
    if (!good)
        errno = kept ? kept : errno;
    ernn_status status = fail(err, "write", path);
    unlink(beside);
    return status;
}

bool ernn_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool ernn_file_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

ernn_status ernn_folder_new(const char *path, ernn_error *err)
{
    char part[1100];
    size_t n = strlen(path);
    if (n >= sizeof part)
        return ernn_error_set(err, ERNN_TOO_BIG, "%.200s...: path is too long", path);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0777) != 0 && !(errno == EEXIST && ernn_file_is_folder(part)))
            return fail(err, "make the folder", part);
    }
    return ERNN_OK;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

ernn_status ernn_folder_remove(const char *path, ernn_error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0 && errno == ENOENT)
        return ERNN_OK;
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        return fail(err, "remove", path);
    return ERNN_OK;
}

ernn_status ernn_output_folder_begin(ernn_output_folder *folder, const char *final, bool force,
                                     ernn_error *err)
{
    size_t n = strlen(final);
    while (n > 1 && final[n - 1] == '/')
        n--;
    if (n == 0 || n >= sizeof folder->final)
        return ernn_error_set(err, ERNN_BAD_ARG, "output folder: name of %zu bytes, 1 to %zu", n,
                              sizeof folder->final - 1);
    memcpy(folder->final, final, n);
    folder->final[n] = 0;
    snprintf(folder->temporary, sizeof folder->temporary, "%s.tmp%ld", folder->final,
             (long)getpid());
    if (ernn_file_exists(folder->final) && !force)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "%s: exists already; give another name, or --force to replace it",
                              folder->final);
    ernn_status status = ernn_folder_remove(folder->temporary, err);
    return status == ERNN_OK ? ernn_folder_new(folder->temporary, err) : status;
}

ernn_status ernn_output_folder_commit(ernn_output_folder *folder, ernn_error *err)
{
    ernn_status status = ernn_folder_remove(folder->final, err);
    if (status != ERNN_OK)
        return status;
    if (rename(folder->temporary, folder->final) != 0)
        return fail(err, "rename into place", folder->final);
    return ERNN_OK;
}

void ernn_output_folder_abort(ernn_output_folder *folder)
{
    ernn_folder_remove(folder->temporary, NULL);
}
