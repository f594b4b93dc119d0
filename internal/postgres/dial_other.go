//go:build !linux

package postgres

import (
	"context"
	"net"
	"time"
)

// dialWatched dials so that a peer that went silent is noticed while nothing is
// awaited from it; elsewhere than on Linux a deadline notices the rest.
func dialWatched(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 2}}
	return d.DialContext(ctx, network, address)
}
