package authority

import (
	"io"

	"github.com/tokenry/tokenry/internal/ident"
)

// PublicID makes an identifier that is shown.
func PublicID(rand io.Reader, prefix string) (string, error) { return ident.New(rand, prefix) }
