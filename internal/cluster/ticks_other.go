//go:build !linux

package cluster

import "time"

// Ticks is how long it is since a day of the past by the clock on the wall, which goes on while the
// machine sleeps. Elsewhere than on Linux it is what there is: whoever sets that clock
// back lengthens a lease. Many nodes are run on Linux.
func Ticks() time.Duration { return time.Duration(time.Now().UnixNano()) }
