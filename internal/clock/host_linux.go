package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// Slept is how much further the clock is that goes on while the machine sleeps
// than the one that does not.
func (host) Slept() time.Duration {
	var awake, all unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return 0 // a kernel without the second, before 2.6.39
	}
	return time.Duration(all.Nano() - awake.Nano())
}
