//go:build cgo && linux

package capture

// Before main begins, gopacket's package layers fills 6 MB of tables, a value
// for each Ethernet type and each port. In pages of 4 KiB that is 1500 page
// faults, 2.3 ms of the 8.5 that wstap took to start; in huge pages it is four.
// A kernel that gives huge pages only to who asks (see madvise(2)) is asked
// here: in C, since the packages that layers imports are the only Go that runs
// earlier. If it has none, nothing is lost.

/*
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef MADV_HUGEPAGE
// Where the program's zeroed variables lie, says the linker.
extern char __bss_start[], _end[];

__attribute__((constructor)) static void advise_huge_pages(void) {
	uintptr_t page = sysconf(_SC_PAGESIZE);
	uintptr_t start = ((uintptr_t)__bss_start + page - 1) & -page;
	uintptr_t end = (uintptr_t)_end & -page;
	if (start < end) {
		madvise((void *)start, end - start, MADV_HUGEPAGE);
	}
}
#endif
*/
import "C"
