package server

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// setting counts how often deadlines of a pipe were set.
type setting struct {
	net.Conn
	set int
}

func (c *setting) SetReadDeadline(t time.Time) error {
	c.set++
	return c.Conn.SetReadDeadline(t)
}

// TestALaterDeadlineIsSetWhenItMatters: not before the sooner one is over, and it holds.
func TestALaterDeadlineIsSetWhenItMatters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer there.Close()
		raw := &setting{Conn: here}
		c := &patient{Conn: raw}
		defer c.Close()
		begun := time.Now()
		for i := range 1000 { // as a connection that is asked again and again
			mustNot(t, c.SetReadDeadline(begun.Add(10*time.Second+time.Duration(i)*time.Millisecond)))
			mustNot(t, c.SetReadDeadline(time.Time{}))
			mustNot(t, c.SetReadDeadline(time.Unix(1, 0)))
		}
		mustNot(t, c.SetReadDeadline(begun.Add(time.Minute)))
		if raw.set > 1 {
			t.Errorf("the deadline was set %d times", raw.set)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		mustNot(t, c.SetReadDeadline(time.Now().Add(time.Second)))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != time.Minute+time.Second {
			t.Errorf("a sooner one, after %v: %v", time.Since(begun), err)
		}
	})
}

// TestADeadlineOfLongAgoEndsAReadThatWaits: as net/http ends its own, and only once.
func TestADeadlineOfLongAgoEndsAReadThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		c := &patient{Conn: here}
		defer c.Close()
		ended := make(chan error, 1)
		read := func() { _, err := c.Read(make([]byte, 1)); ended <- err }
		mustNot(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
		go read()
		synctest.Wait()
		mustNot(t, c.SetReadDeadline(time.Unix(1, 0)))
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		go read() // it is over for who comes later too
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		mustNot(t, c.SetReadDeadline(time.Time{}))
		go read()
		synctest.Wait()
		if _, err := there.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func mustNot(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
