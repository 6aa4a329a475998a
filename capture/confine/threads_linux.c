//go:build linux && cgo

// User, capabilities, no_new_privs and Landlock belong to a thread, not to the
// process. glibc sets only the user for all threads; there is no call for the
// rest. So each thread is sent a signal, and confines itself in the handler. All
// system calls are made directly: glibc's would signal the other threads in turn.

#define _GNU_SOURCE
#include "threads_linux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Since Linux 4.3 and 5.13; older headers do not know them.
#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif
#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif

// 32-bit systems have an older call of the same name, for 16-bit numbers.
#ifdef SYS_setresuid32
#define SETRESUID SYS_setresuid32
#define SETRESGID SYS_setresgid32
#define SETGROUPS SYS_setgroups32
#else
#define SETRESUID SYS_setresuid
#define SETRESGID SYS_setresgid
#define SETGROUPS SYS_setgroups
#endif

enum {
	most_threads = 4096,
	patience_ms = 5000, // a thread may be in the kernel, or have signals blocked, for a moment
};

static struct plan plan;
static atomic_int confined;           // how many threads are
static pid_t tids[most_threads];      // those; 0 while it is being written
static _Atomic(const char *) failed_step;
static atomic_int failed_error;

// become makes the calling thread alone another user, and returns an errno.
static int become(uid_t uid, gid_t gid) {
	if (syscall(SETGROUPS, 0, NULL) || syscall(SETRESGID, gid, gid, gid) || syscall(SETRESUID, uid, uid, uid))
		return errno;
	return 0;
}

struct trial {
	uid_t       uid;
	gid_t       gid;
	const char *path;
	int         error;
};

static void *on_trial(void *p) {
	struct trial *t = p;
	t->error = become(t->uid, t->gid);
	if (t->error || !t->path)
		return NULL;
	int fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		t->error = errno;
	else
		close(fd);
	return NULL;
}

// It takes a thread that the Go runtime does not know, and so never uses again.
int try_open(uid_t uid, gid_t gid, const char *path) {
	struct trial t = {uid, gid, path, 0};
	pthread_t thread;
	int error = pthread_create(&thread, NULL, on_trial, &t);
	if (error)
		return error;
	pthread_join(thread, NULL);
	return t.error;
}

static struct failure failure(const char *step) {
	struct failure f = {errno, step};
	return f;
}

// confine_thread runs in a signal handler: system calls only.
static struct failure confine_thread(void) {
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return failure("no_new_privs");
	if (plan.ruleset >= 0 && syscall(SYS_landlock_restrict_self, plan.ruleset, 0))
		return failure("Landlock");
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); // before Linux 4.3 there are none
	// The kernel refuses numbers above its last capability. It also refuses this
	// to who lacks CAP_SETPCAP; with no_new_privs the set bounds nothing then.
	for (int i = 0; i < 64 && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0; i++)
		;
	if (plan.change_user && getuid() != plan.uid) {
		int e = become(plan.uid, plan.gid);
		if (e) {
			errno = e;
			return failure("change of user");
		}
	}
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	if (syscall(SYS_capget, &header, data))
		return failure("capabilities");
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(plan.keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data))
		return failure("capabilities");
	struct failure none = {0, NULL};
	return none;
}

static void on_signal(int number) {
	(void)number;
	int saved = errno;
	struct failure f = confine_thread();
	if (f.error) {
		atomic_store(&failed_step, f.step);
		atomic_store(&failed_error, f.error);
	}
	int i = atomic_fetch_add(&confined, 1);
	if (i < most_threads)
		__atomic_store_n(&tids[i], (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	errno = saved;
}

static int is_in(const pid_t *list, int n, pid_t tid) {
	for (int i = 0; i < n; i++)
		if (__atomic_load_n(&list[i], __ATOMIC_ACQUIRE) == tid)
			return 1;
	return 0;
}

// signal_others sends the signal to all other threads that have not had it, and
// returns how many threads are not confined yet, or -1.
static int signal_others(int number, pid_t *signaled, int *n) {
	pid_t self = (pid_t)syscall(SYS_gettid);
	DIR *dir = opendir("/proc/self/task");
	if (!dir)
		return -1;
	int waiting = 0;
	struct dirent *entry;
	while ((entry = readdir(dir))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10); // 0 for . and ..
		if (tid <= 0 || tid == self || is_in(tids, most_threads, tid))
			continue;
		waiting++;
		if (is_in(signaled, *n, tid))
			continue;
		if (*n == most_threads) {
			closedir(dir);
			errno = E2BIG;
			return -1;
		}
		signaled[(*n)++] = tid;
		syscall(SYS_tgkill, getpid(), tid, number); // fails when it has just ended
	}
	closedir(dir);
	return waiting;
}

struct failure confine_threads(const struct plan *p) {
	plan = *p;
	// The Go runtime has one thread that waits for signals and blocks those that
	// nobody asked for. SIGPROF it never blocks, and uses only while profiling.
	const int number = SIGPROF;
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART}, before;
	sigfillset(&action.sa_mask);
	if (sigaction(number, &action, &before))
		return failure("signal");
	pid_t *signaled = calloc(most_threads, sizeof *signaled);
	if (!signaled)
		return failure("memory");
	struct failure f = {0, NULL};
	int n = 0;
	for (int ms = 0;; ms++) {
		// A thread that was begun before its parent had the signal may be missing
		// from a list that was read then: a whole pass in which nothing changed
		// is the proof that there is none.
		int had = atomic_load(&confined);
		int waiting = signal_others(number, signaled, &n);
		if (waiting < 0) {
			f = failure("list of threads in /proc/self/task");
			break;
		}
		if (waiting == 0 && atomic_load(&confined) == had)
			break;
		if (ms == patience_ms) {
			errno = ETIMEDOUT;
			f = failure("signal to all threads");
			break;
		}
		struct timespec pause = {0, 1000000};
		nanosleep(&pause, NULL);
	}
	free(signaled);
	sigaction(number, &before, NULL);
	if (!f.error && atomic_load(&failed_error)) {
		f.error = atomic_load(&failed_error);
		f.step = atomic_load(&failed_step);
	}
	if (!f.error)
		f = confine_thread();
	return f;
}
