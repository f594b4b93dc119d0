package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/tokenry/tokenry/docs"
	"github.com/tokenry/tokenry/internal/assets"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/entrance"
	"github.com/tokenry/tokenry/internal/guide"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// Product is how this deployment calls itself.
type Product struct {
	// Name stands in the top bar and in titles; empty is "Tokenry".
	Name string
	// Logo is an image in a data: URI; empty is Tokenry's own.
	Logo string
}

// Mail is the mail server as the administrators see it.
type Mail struct {
	// From is the sender of mails, Server where they are handed on, without
	// credentials.
	From, Server string
	// Test sends a mail to an address and answers what the server said when it took
	// it. Of an error, the message of an *api.Error is shown.
	Test func(ctx context.Context, to string) (answer string, err error)
}

// Options are what a console is made of. Authority, People and Rand are required.
type Options struct {
	Authority *office.Office
	entrance.People
	// BaseURL is the address that people reach; its scheme decides whether the
	// cookie is Secure where neither the connection nor a proxy tells.
	BaseURL string
	// TrustedProxies may name a request's address and scheme in X-Forwarded-For
	// and X-Forwarded-Proto.
	TrustedProxies door.Proxies
	// Logger is told of failures; nil is silence.
	Logger *slog.Logger
	// Now is the clock that pages count from; nil is the machine's.
	Now func() time.Time
	// Rand is a cryptographic source of randomness, safe for concurrent use.
	Rand    io.Reader
	Product Product
	// Version is the program's; empty is not shown.
	Version string
	// Mail is how mail is sent; nil where none is set up.
	Mail *Mail
	// Memory is what this server remembers of tokens now; nil is not shown.
	Memory func() phrase.Cache
}

type console struct {
	Options
	base   *url.URL
	assets assets.Assets
	guide  *guide.Guide
	// pages are the one table of them.
	pages []route
}

// New makes the handler of every page. It starts nothing.
func New(o Options) (http.Handler, error) {
	if o.Authority == nil || o.Rand == nil || !o.Complete() {
		return nil, errors.New("console: Authority, Rand and every chapter of People are required")
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("console: base URL: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Product.Name == "" {
		o.Product.Name = "Tokenry"
	}
	c := &console{Options: o, base: base, pages: allRoutes()}
	if c.assets, err = assets.New(); err != nil {
		return nil, err
	}
	if c.guide, err = guide.Read(docs.Files()); err != nil {
		return nil, err
	}
	r := &reception.Reception{Office: o.Authority, Sessions: o.Sessions, TrustedProxies: o.TrustedProxies, Base: base, Logger: o.Logger, Now: o.Now, Rand: o.Rand, House: c}
	return r.Guard(c.routes(r)), nil
}

// routes serves every page of the table.
func (c *console) routes(at *reception.Reception) *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range c.pages {
		mux.Handle(r.pattern, at.Serve(r.access, func(v *reception.Visit) error { return r.show(c.of(v)) }))
	}
	mux.Handle("GET /assets/", c.assets)
	mux.Handle("/", at.Serve(reception.Open(), (*reception.Visit).Missing))
	return mux
}
