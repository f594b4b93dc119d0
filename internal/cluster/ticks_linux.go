package cluster

import (
	"time"

	"golang.org/x/sys/unix"
)

// Ticks is how long the machine runs, the time that it slept included: Go's monotonic
// clock stands still then (CLOCK_BOOTTIME, clock_gettime(2)).
func Ticks() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		panic("cluster: this kernel has no CLOCK_BOOTTIME: " + err.Error()) // Linux 2.6.39 has it
	}
	return time.Duration(t.Nano())
}
