#ifndef WSTAP_THREADS_LINUX_H
#define WSTAP_THREADS_LINUX_H

#include <stdint.h>
#include <sys/types.h>

// plan is what a thread keeps.
struct plan {
	int      change_user;
	uid_t    uid;
	gid_t    gid;
	uint64_t keep;    // capabilities, a bit each
	int      ruleset; // Landlock's, -1 for none
};

// failure says what failed; error is an errno, 0 if nothing did.
struct failure {
	int         error;
	const char *step;
};

// confine_threads confines all threads of the process, the calling one last.
struct failure confine_threads(const struct plan *p);

// become makes the calling thread alone another user, and returns an errno.
int become(uid_t uid, gid_t gid);

#endif
