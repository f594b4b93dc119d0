package notify

import (
	"context"
	"net"
)

// Dial connects as that client does.
func (e Egress) Dial(ctx context.Context, address string) (net.Conn, error) {
	return e.dial(ctx, "tcp", address)
}

// UnderWay is how many attempts are being made.
func (s *Service) UnderWay() int {
	s.posts.mu.Lock()
	defer s.posts.mu.Unlock()
	return len(s.posts.flights)
}
