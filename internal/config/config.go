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

	// MaxConnections is how many connections of clients are held at once. Beyond it
	// the one that waits longest for its client is closed; where requests are being
	// answered on all, only health, metrics and what takes power away is answered. It
	// stays below the limit of open files (ulimit -n), whatever is set. Zero, the
	// default, is 10,000, or what that limit leaves.
	MaxConnections int `key:"max_connections" default:"0" help:"most connections at once (default 10,000, or what the limit of open files leaves)"`

	// MaxConnectionsPerAddress is how many of them come from one IPv4 address or one
	// IPv6 network of 64 bits; those of trusted proxies are not counted. Zero, the
	// default, is a quarter of all.
	MaxConnectionsPerAddress int `key:"max_connections_per_address" default:"0" help:"most connections from one address or /64 (default a quarter of all)"`

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

	// HotListen is a further address, host:port or unix:PATH, for /v1/verify,
	// /v1/forward-auth, /v1/ext-authz and /oauth2/introspect alone, on a leaner HTTP/1.1
	// server than the main listener's; these are there too. Whoever connects to the socket
	// at a path counts as 127.0.0.1, and only the server's user and group may. Empty, the
	// default, has none.
	HotListen string `key:"hot_listen" help:"serve verifications alone, faster, on host:port or unix:PATH besides (default not)"`

	// Profiling serves /debug/pprof on the listener of MetricsListen, and nowhere else:
	// whoever reads a profile sees what the program does, and makes it do more. False,
	// the default, serves none.
	Profiling bool `key:"profiling" default:"false" help:"serve /debug/pprof on --metrics-listen, which must be given"`

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

	// HeadNote is a file in which this node notes, once a second at most, the newest
	// change that it knows of. A database that is older at the next start, as a restored
	// one is, is not served until tokenry restore has dealt with what was revoked since.
	// Nodes may share it or have their own; it outlives the database. Empty is the
	// keyring's path with .head behind it; none notes nothing.
	HeadNote string `key:"head_note" help:"file that notes the newest change (default KEYS.head; none for no note)"`

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

	// SignIn is how people sign in to the console: both, password or sso. With sso
	// nobody signs in with a password, and passwords are neither set nor reset; if
	// the identity provider is out of reach, start the server with both or password.
	SignIn string `key:"sign_in" default:"both" help:"how people sign in: both, password or sso"`

	// OIDCIssuer is the address of an OpenID Connect provider for single sign-on,
	// letter by letter as the provider names itself: https, or http on this machine.
	// Its redirect address for this server is BASE_URL/signin/oidc/sso/callback.
	// Empty means there is none.
	OIDCIssuer string `key:"oidc_issuer" help:"OpenID Connect provider for single sign-on, as it names itself (default none)"`

	// OIDCName is what the button for it says after "Continue with".
	OIDCName string `key:"oidc_name" default:"single sign-on" help:"what the button for the provider says after Continue with"`

	// OIDCClientID is what the provider calls this server. It must be given with an
	// issuer.
	OIDCClientID string `key:"oidc_client_id" help:"what the provider calls this server"`

	// OIDCClientSecret proves to the provider that it is this server. Empty is a
	// client without one, of which PKCE is the proof. It is no flag; in place of it
	// a file can be named.
	OIDCClientSecret Secret `key:"oidc_client_secret" help:"the client's secret at the provider"`

	// OIDCClientSecretFile is a file with that secret, read when the server starts.
	// A line end behind it does not count.
	OIDCClientSecretFile string `key:"oidc_client_secret_file" help:"file with the client's secret at the provider"`

	// OIDCScopes are what is asked for besides openid.
	OIDCScopes []string `key:"oidc_scopes" default:"profile,email" help:"scopes that are asked for besides openid"`

	// OIDCDomains are the domains of e-mails, like example.com, that count at
	// somebody's first sign-in: whose e-mail the provider has verified gets the
	// account with that e-mail, if it is signed in to in no other way yet, or a new
	// one. Subdomains are not meant; * is every domain. Empty is none, and then an
	// identity is linked by whoever is signed in, under Security, alone.
	OIDCDomains []string `key:"oidc_domains" help:"domains of e-mails whose people the provider may bring (default none; * is all)"`

	// OIDCWorkspace is the slug of the workspace that people without an account
	// become members of. Empty makes no accounts.
	OIDCWorkspace string `key:"oidc_workspace" help:"workspace that people without an account become members of (default no accounts are made)"`

	// OIDCDefaultRole is their role there when none of OIDCRoles gives one. Empty
	// refuses them.
	OIDCDefaultRole string `key:"oidc_default_role" help:"role of people whom no entry of --oidc-roles gives one (default they are refused)"`

	// OIDCRoleClaim names the claim, a text or a list of them, that OIDCRoles look
	// at, such as groups.
	OIDCRoleClaim string `key:"oidc_role_claim" help:"claim that --oidc-roles look at, like groups"`

	// OIDCRoles give roles by the values of that claim, as VALUE=ROLE; the first
	// that fits counts.
	OIDCRoles []string `key:"oidc_roles" help:"roles by values of the claim, as VALUE=ROLE; the first that fits counts"`

	// OIDCSyncRoles says whether OIDCRoles count at every sign-in, true, or at the
	// first alone, false. The last Owner keeps that role whatever the provider says.
	OIDCSyncRoles bool `key:"oidc_sync_roles" default:"false" help:"apply --oidc-roles at every sign-in, not only the first"`

	// OIDCConfirm is what it takes to confirm through the provider before something
	// delicate: auth_time, that it says when it asked the person to sign in again; or
	// return, that they come back from it, for a provider that never says when, such
	// as Google. With return, whoever sits at a browser that is signed in at the
	// provider can confirm. The default is auth_time.
	OIDCConfirm string `key:"oidc_confirm" default:"auth_time" help:"what confirms a person through the provider: auth_time or return"`

	// WebhookNetworks lists networks, as CIDRs or single addresses, that webhooks
	// may be posted to although they are not public; then http:// is taken too.
	// Empty allows public addresses over https alone.
	WebhookNetworks []netip.Prefix `key:"webhook_networks" help:"networks that webhooks may reach although they are not public, as CIDRs"`

	// TrustIssuers lists issuers of ID tokens, as https:// or http:// addresses to the
	// byte, that rules of trust may name although they are in the private network, such as
	// a GitLab of one's own. Empty allows public addresses over https alone.
	TrustIssuers []string `key:"trust_issuers" help:"issuers of ID tokens that may be in the private network, as addresses"`

	// LeaksGitHubKeys is where the keys are that GitHub signs reports of leaked tokens with:
	// https://api.github.com/meta/public_keys/secret_scanning. Empty takes no such reports.
	LeaksGitHubKeys string `key:"leaks_github_keys" help:"address of GitHub's keys; takes reports of its secret scanning (default not)"`

	// AuditStream lists where the audit of all workspaces is streamed to, for a SIEM:
	// syslog+tls://HOST:6514, syslog+tcp://HOST:514, file:/PATH.ndjson or https://HOST/PATH,
	// with parameters behind a question mark (see docs/operations.md, Audit to a SIEM).
	// Secrets are in files that these name; an address that holds one itself belongs into
	// the variable or the file. Empty streams nowhere.
	AuditStream []URL `key:"audit_stream" help:"stream the audit to syslog+tls://HOST:6514, syslog+tcp://HOST:514, file:/PATH or https://… (default nowhere)"`

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

	// Lease is how long a node of a PostgreSQL database may believe its memory without
	// hearing from the database, 1s to 10s. A node that is silent holds up each change
	// that takes power away for so long at most, until it does not count any more.
	Lease time.Duration `key:"lease" default:"2s" help:"how long a node may verify without hearing from PostgreSQL, 1s to 10s"`

	// MaxStaleness is how much longer it goes on when the database stays silent, up to
	// 20s: verifications go on through a short outage, and a change that takes power
	// away waits so much longer for a node that is silent. Zero, the default, refuses.
	MaxStaleness time.Duration `key:"max_staleness" default:"0s" help:"how much longer it goes on when PostgreSQL stays silent, up to 20s (default not at all)"`

	// Limits is a Redis or Valkey in which all nodes count rate limits together, exactly:
	// redis://USER:PASSWORD@HOST:6379/0, rediss:// with TLS, further nodes of a cluster as
	// ?addr=HOST:PORT. It is this instance's alone, or has a number of its own there. Empty
	// counts in memory and, with several nodes, in the database and in shares. It belongs
	// into the variable or the file.
	Limits URL `key:"limits" help:"Redis or Valkey that counts rate limits of all nodes, redis://… or rediss://… (default shares and the database)"`

	// LimitsOutage is what becomes of requests at a limit that it does not count in time:
	// closed answers 503, open counts on each node alone meanwhile.
	LimitsOutage string `key:"limits_outage" default:"closed" help:"when Redis does not answer: closed refuses (503), open counts on each node alone"`

	// CacheSize is how much memory a node keeps tokens in, and the owners, workspaces and
	// rights that they share, as 512MiB or 2GiB; at least 16MiB. A token takes up to 160
	// bytes beside what it shares, and those are at most five sixths, so the default
	// holds four million. Memory is taken as tokens come. Beyond it those that were not used
	// for longest make room, and are read from the database when they come again.
	CacheSize Size `key:"cache_size" default:"768MiB" help:"memory for tokens that were verified, like 512MiB or 2GiB: 4 million of them at the default"`

	// ShutdownTimeout is how long requests that were taken may still run after the
	// server was asked to stop, as 30s or 2m. Zero cuts them off at once.
	ShutdownTimeout time.Duration `key:"shutdown_timeout" default:"30s" help:"how long running requests may take to finish when the server stops"`
}
