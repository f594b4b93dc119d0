package reception

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/entrance"
	"github.com/tokenry/tokenry/internal/office"
)

// House is how the pages of a visit look.
type House interface {
	// Layout puts a page into what is around every page.
	Layout(v *Visit, title string, body templ.Component) templ.Component
	// Problem is the page about what went wrong, with a way on.
	Problem(v *Visit, title, text, href, to string) templ.Component
	// Kept is the page of a form that came after its session had ended: what was typed,
	// to be sent again.
	Kept(v *Visit, fields url.Values) templ.Component
	// Proven answers the confirmation in place of a page that asks for a proof which is
	// not there yet, with [ErrAnswered]; nil lets the visitor through.
	Proven(v *Visit, a Access) error
}

// Reception receives the visitors of a house. Every field is required.
type Reception struct {
	Office   *office.Office
	Sessions entrance.Sessions
	// TrustedProxies may name a request's address and scheme.
	TrustedProxies door.Proxies
	// Base is the address that people reach; its scheme decides whether a cookie is
	// Secure where neither the connection nor a proxy tells.
	Base   *url.URL
	Logger *slog.Logger
	Now    func() time.Time
	// Rand is a cryptographic source of randomness, safe for concurrent use.
	Rand  io.Reader
	House House

	packer door.Packer
}

// visit begins one. The browser does not name its request: the audit is searched by
// that name.
func (c *Reception) visit(w http.ResponseWriter, r *http.Request) *Visit {
	by := c.TrustedProxies.ClientOf(r, door.RequestID(c.Rand, door.Pages, nil))
	w.Header().Set(door.HeaderRequestID, by.RequestID)
	return &Visit{desk: c, Office: c.Office, began: c.Now().UTC(), W: &door.Answer{ResponseWriter: w}, R: r, By: by}
}
