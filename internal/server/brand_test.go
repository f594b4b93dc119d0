package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/server"
)

func TestTheLogoIsAnImageOrTheServerDoesNotStart(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		content string
		good    bool
	}{
		"svg":  {`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`, true},
		"png":  {"\x89PNG\r\n\x1a\nrest", true},
		"text": {"a password", false},
		"huge": {"\x89PNG\r\n\x1a\n" + strings.Repeat("x", 64<<10), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			logo := filepath.Join(dir, "logo")
			if err := os.WriteFile(logo, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg := settings(t, "--data", dir, "--brand-logo", logo)
			if tt.good {
				_ = start(t, cfg)
				return
			}
			_, err := server.Listen(t.Context(), cfg, server.Options{})
			if err == nil || !strings.Contains(err.Error(), "brand_logo") || strings.Contains(err.Error(), tt.content) {
				t.Errorf("listen: %v", err)
			}
		})
	}
}
