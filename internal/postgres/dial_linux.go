package postgres

import (
	"context"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// silentFor is how long a peer may leave what was sent to it unanswered.
const silentFor = 2 * time.Second

// dialWatched dials so that a peer that went silent is noticed also while an answer
// is awaited, which keepalive alone does not do (RFC 5482, tcp(7)).
func dialWatched(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 2},
		Control: func(network, _ string, c syscall.RawConn) (err error) {
			if network == "unix" {
				return nil
			}
			failed := c.Control(func(fd uintptr) {
				err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silentFor.Milliseconds()))
			})
			if failed != nil {
				return failed
			}
			return err
		},
	}
	return d.DialContext(ctx, network, address)
}
