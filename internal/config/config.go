package config

import (
	"log/slog"
	"net/netip"
	"time"
)

// Config is how a server is set up. Each comment says the setting's unit, what
// its zero means, and its default; docs/reference/configuration.md is made of
// them.
type Config struct {
	// Listen is the address to serve on, as host:port. Without a host it is every
	// address of the machine; port 0 takes a free one.
	Listen string `key:"listen" default:"127.0.0.1:8080" help:"serve on this address, host:port"`

	// BaseURL is the address under which clients and browsers reach the server:
	// http or https, a host, and a path if a proxy adds one. Links in mails, the
	// setup link and the pages about errors begin with it. Empty means http:// and
	// the address that is listened on.
	BaseURL string `key:"base_url" help:"address under which clients reach the server (default http://LISTEN)"`

	// TrustedProxies lists the networks, as CIDRs or single addresses, whose
	// X-Forwarded-For, X-Forwarded-Method and X-Forwarded-Uri are believed. Empty
	// means nobody's, and the client's address is the connection's.
	TrustedProxies []netip.Prefix `key:"trusted_proxies" help:"networks whose X-Forwarded-… headers are believed, as CIDRs"`

	// Rules is a folder of files NAME.yaml, each a set of rules that
	// /v1/ext-authz/NAME/… answers by; tokenry rules test tries one. They are read at
	// the start, where one that is wrong stops the server, and again at SIGHUP, where
	// one that is wrong changes nothing. Empty means no rules.
	Rules string `key:"rules" help:"folder of NAME.yaml, the rules of /v1/ext-authz/NAME/… (default none)"`

	// MetricsListen is an address, host:port, for /metrics alone. Empty serves
	// /metrics on the main listener, where everybody who reaches it can read it
	// without a token: it holds counts and durations, no names and no tokens. Set
	// it when the main listener faces the internet.
	MetricsListen string `key:"metrics_listen" help:"serve /metrics on an address of its own, host:port (default on the main one)"`

	// Data is the folder for what the server writes: the SQLite database, and the
	// keyring beside it. It is made when it is missing, for its owner alone.
	Data string `key:"data" default:"tokenry-data" help:"folder of the database and the keyring"`

	// Database is sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME. Empty means
	// the file tokenry.db in the data folder. An address with a password belongs
	// into the variable or the file: other users of the machine can read flags.
	Database URL `key:"database" help:"sqlite:PATH or postgres://… (default sqlite:DATA/tokenry.db)"`

	// Keys is the path of the keyring, a file that only its owner may read. With
	// SQLite, empty means keys.json beside the database, made on the first start.
	// With PostgreSQL it must be given, and is the same for all nodes.
	Keys string `key:"keys" help:"keyring file (default keys.json beside the SQLite database; required with postgres)"`

	// Prefix is the word that new tokens begin with: a lower-case letter and 1 to 9
	// of a-z and 0-9. Empty keeps the instance's, which is tky until another was
	// set. Tokens with earlier prefixes stay valid.
	Prefix string `key:"prefix" help:"what new tokens begin with (default the instance's, at first tky)"`

	// SMTPURL is the mail server, as smtp://USER:PASSWORD@HOST:587 with STARTTLS,
	// which is mandatory when there are credentials, or smtps://…. Empty sends no
	// mail. It belongs into the variable or the file.
	SMTPURL URL `key:"smtp_url" help:"mail server, smtp://… or smtps://… (default no mail)"`

	// SMTPFrom is the sender of mails, as an address or Name <address>. It must be
	// set when there is a mail server.
	SMTPFrom string `key:"smtp_from" help:"sender of mails, an address or Name <address>"`

	// WebhookNetworks lists networks, as CIDRs or single addresses, that webhooks
	// may be posted to although they are not public; then http:// is taken too.
	// Empty allows public addresses over https alone.
	WebhookNetworks []netip.Prefix `key:"webhook_networks" help:"networks that webhooks may reach although they are not public, as CIDRs"`

	// BrandName is what the web console calls the product, in its top bar, titles
	// and footer. Empty is Tokenry.
	BrandName string `key:"brand_name" help:"name of the product in the web console (default Tokenry)"`

	// BrandLogo is the path of the image beside that name: an SVG, PNG, JPEG or
	// WebP of at most 64 KiB, drawn 28 pixels high. Empty is Tokenry's own.
	BrandLogo string `key:"brand_logo" help:"image file beside that name, at most 64 KiB (default Tokenry's own)"`

	// LogLevel is the least that is logged: debug, info, warn or error.
	LogLevel slog.Level `key:"log_level" default:"info" help:"least that is logged: debug, info, warn or error"`

	// LogFormat is how a line of the log is written: text or json.
	LogFormat string `key:"log_format" default:"text" help:"form of the log: text or json"`

	// ShutdownTimeout is how long requests that were taken may still run after the
	// server was asked to stop, as 30s or 2m. Zero cuts them off at once.
	ShutdownTimeout time.Duration `key:"shutdown_timeout" default:"30s" help:"how long running requests may take to finish when the server stops"`
}
