package authority

import (
	"io"

	"github.com/tokenry/tokenry/internal/ident"
)

// publicID makes an identifier that is shown.
func publicID(rand io.Reader, prefix string) (string, error) { return ident.New(rand, prefix) }
