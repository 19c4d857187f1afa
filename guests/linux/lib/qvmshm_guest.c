/* SPDX-FileCopyrightText: 2026 the qvm authors */
/* SPDX-License-Identifier: BSD-2-Clause */
/* libqvmshm in a Linux guest: the interface of qvmshm.h on the driver's device file, so that a program for
 * the host is one for a guest, too. In place of the run-time directory stands the path of the device; by
 * default $QVM_SHM_DEVICE or /dev/guest-shm0. */
#include <errno.h>
#include <fcntl.h>
#include <linux/guest_shm.h>
#include <pthread.h>
#include <qvmshm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct qvmshm {
  pthread_mutex_t mutex; /* guards everything below; the descriptor is the same from open to close */
  int device;
  void* data; /* NULL: not attached */
  uint64_t pages;
  int read_only;
  int index;
  uint32_t attached; /* as it was read last */
};

static const char* device_path(const char* given) {
  const char* path = given;
  if (path == NULL) path = getenv("QVM_SHM_DEVICE");
  return path == NULL || *path == '\0' ? "/dev/guest-shm0" : path;
}

int qvmshm_open(const char* runtime_dir, const char* label, qvmshm_t** handle) {
  qvmshm_t* made;
  (void)label;
  if (handle == NULL) return EINVAL;
  *handle = NULL;
  made = calloc(1, sizeof *made);
  if (made == NULL) return ENOMEM;
  made->device = open(device_path(runtime_dir), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (made->device < 0) {
    const int error = errno;
    free(made);
    return error;
  }
  pthread_mutex_init(&made->mutex, NULL);
  made->index = -1;
  *handle = made;
  return 0;
}

static void detach(qvmshm_t* handle) {
  if (handle->data == NULL) return;
  (void)munmap(handle->data, (size_t)handle->pages * QVMSHM_PAGE_SIZE);
  (void)ioctl(handle->device, GUEST_SHM_DETACH);
  handle->data = NULL;
  handle->pages = 0;
  handle->index = -1;
  handle->attached = 0;
  handle->read_only = 0;
}

static int attach(qvmshm_t* handle, struct guest_shm_attach* region, unsigned flags) {
  const int protection = flags & QVMSHM_READ_ONLY ? PROT_READ : PROT_READ | PROT_WRITE;
  void* data;
  if (handle->data != NULL) return EBUSY;
  if (ioctl(handle->device, GUEST_SHM_ATTACH, region) != 0) return errno;
  data = mmap(NULL, (size_t)region->pages * QVMSHM_PAGE_SIZE, protection, MAP_SHARED, handle->device,
              (off_t)region->offset);
  if (data == MAP_FAILED) {
    const int error = errno;
    (void)ioctl(handle->device, GUEST_SHM_DETACH);
    return error;
  }
  handle->data = data;
  handle->pages = region->pages;
  handle->index = (int)region->index;
  handle->read_only = (flags & QVMSHM_READ_ONLY) != 0;
  return 0;
}

int qvmshm_attach(qvmshm_t* handle, const char* name, uint32_t pages, uint32_t mode, unsigned flags) {
  struct guest_shm_attach region = {.pages = pages, .mode = mode};
  int error;
  if (name == NULL || strlen(name) >= sizeof region.name || (flags & ~QVMSHM_READ_ONLY) != 0) return EINVAL;
  memcpy(region.name, name, strlen(name));
  pthread_mutex_lock(&handle->mutex);
  error = attach(handle, &region, flags);
  pthread_mutex_unlock(&handle->mutex);
  return error;
}

void qvmshm_detach(qvmshm_t* handle) {
  pthread_mutex_lock(&handle->mutex);
  detach(handle);
  pthread_mutex_unlock(&handle->mutex);
}

void qvmshm_close(qvmshm_t* handle) {
  if (handle == NULL) return;
  detach(handle);
  (void)close(handle->device);
  pthread_mutex_destroy(&handle->mutex);
  free(handle);
}

uint64_t qvmshm_size(qvmshm_t* handle) {
  uint64_t pages;
  pthread_mutex_lock(&handle->mutex);
  pages = handle->pages;
  pthread_mutex_unlock(&handle->mutex);
  return pages;
}

void* qvmshm_data(qvmshm_t* handle) {
  void* data;
  pthread_mutex_lock(&handle->mutex);
  data = handle->data;
  pthread_mutex_unlock(&handle->mutex);
  return data;
}

int qvmshm_is_read_only(qvmshm_t* handle) {
  int read_only;
  pthread_mutex_lock(&handle->mutex);
  read_only = handle->read_only;
  pthread_mutex_unlock(&handle->mutex);
  return read_only;
}

int qvmshm_index(qvmshm_t* handle) {
  int index;
  pthread_mutex_lock(&handle->mutex);
  index = handle->index;
  pthread_mutex_unlock(&handle->mutex);
  return index;
}

uint32_t qvmshm_status(qvmshm_t* handle) {
  struct guest_shm_news news = {0, 0};
  uint32_t status;
  pthread_mutex_lock(&handle->mutex);
  if (handle->data != NULL && read(handle->device, &news, sizeof news) == (ssize_t)sizeof news)
    handle->attached = news.attached;
  status = news.senders | handle->attached << 16;
  pthread_mutex_unlock(&handle->mutex);
  return status;
}

int qvmshm_poke(qvmshm_t* handle, uint32_t targets) {
  /* The driver knows whether it is attached; no need to wait for the other calls. */
  return ioctl(handle->device, GUEST_SHM_POKE, &targets) == 0 ? 0 : errno;
}

int qvmshm_event_fd(qvmshm_t* handle) {
  return handle->device;
}
