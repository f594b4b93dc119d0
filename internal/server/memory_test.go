package server_test

import (
	"testing"

	"github.com/tokenry/tokenry/internal/server"
)

// TestAServerRemembersAsMuchAsItIsTold by its setting.
func TestAServerRemembersAsMuchAsItIsTold(t *testing.T) {
	t.Parallel()
	c, err := server.Open(t.Context(), settings(t, "--data", t.TempDir(), "--cache-size", "64MiB"), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if room := c.Engine.Stats().Room; room != 64<<20 {
		t.Errorf("it may take %d bytes", room)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}
