package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
)

// local is a listener on a Unix socket. Who connects to it is on this machine, and
// counts as 127.0.0.1: as a proxy, where that is a trusted one.
type local struct{ net.Listener }

// Accept returns the next connection.
func (l local) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return localConn{c}, nil
}

type localConn struct{ net.Conn }

// RemoteAddr is that of this machine.
func (localConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// CloseWrite ends the answer before the connection.
func (c localConn) CloseWrite() error { return closeWrite(c.Conn) }

// socketMode lets the server's group in, where the proxy's user is, and nobody else.
const socketMode = 0o660

// listenUnix takes over the socket of a server that is gone, and no other file.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if err := vacate(ctx, path); err != nil {
		return nil, fmt.Errorf("cannot listen (--hot-listen): %w", err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen (--hot-listen): %w", err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot listen (--hot-listen): %w", err), l.Close())
	}
	return local{l}, nil
}

// vacate removes a socket at which nobody answers.
func vacate(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("%s is there, and is no socket", path)
	}
	var d net.Dialer
	if c, err := d.DialContext(ctx, "unix", path); err == nil {
		return errors.Join(fmt.Errorf("another program answers at %s", path), c.Close())
	}
	return os.Remove(path)
}
