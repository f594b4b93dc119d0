package client

import (
	"context"
	"time"
)

// WithSleep waits with f in place of a clock.
func WithSleep(f func(context.Context, time.Duration) error) Option {
	return func(c *Client) error {
		c.sleep = f
		return nil
	}
}

// SetSleep waits with f in place of a clock.
func (d *DeviceLogin) SetSleep(f func(context.Context, time.Duration) error) { d.sleep = f }

// ResourceName says whether the middleware takes a text for the name of a resource.
func ResourceName(s string) bool { return resourceName(s) }
